#!/bin/sh
# namespace.sh HOSTS COMMAND [ARG ...] runs COMMAND on a network in which AWS's host names resolve to
# this machine. HOSTS is a hosts file, which only COMMAND sees as /etc/hosts.
#
# It must be started by unshare --net --mount, as root or with --map-root-user. The new network has
# only a loopback interface, so no packet leaves the machine. The script adds the address
# 203.0.113.10 to it, from a block for documentation (RFC 5737), because versitygw refuses identity
# providers on 127.0.0.0/8 and on private addresses. All changes end with the namespace.
set -eu
hosts=$1
shift
ip link set lo up
ip address add 203.0.113.10/32 dev lo
mount --bind "$hosts" /etc/hosts
exec "$@"
