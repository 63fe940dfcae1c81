#!/bin/sh
# namespace.sh HOSTS COMMAND [ARG ...]: run COMMAND where AWS's host names lead to this machine.
#
# To be started by unshare --net --mount (as root, or with --map-root-user): the network then has no interface but an
# own loopback, so nothing can leave, and 203.0.113.10 (RFC 5737 documentation address) is put on it, because
# versitygw refuses identity providers on 127.0.0.0/8 and on private addresses. HOSTS is a hosts file that is seen as
# /etc/hosts by COMMAND alone. Nothing outlives the namespace.
set -eu
hosts=$1
shift
ip link set lo up
ip address add 203.0.113.10/32 dev lo
mount --bind "$hosts" /etc/hosts
exec "$@"
