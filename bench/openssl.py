"""Computes three powers with OpenSSL's BN_mod_exp for each line of standard input.

It prints the time that they took in nanoseconds, and the last power.
"""
import ctypes
import ctypes.util
import sys
import time

crypto = ctypes.CDLL(ctypes.util.find_library("crypto") or sys.exit(1))
pointer = ctypes.c_void_p
for name, result, arguments in [
    ("BN_new", pointer, []),
    ("BN_CTX_new", pointer, []),
    ("BN_hex2bn", ctypes.c_int, [ctypes.POINTER(pointer), ctypes.c_char_p]),
    ("BN_bn2hex", ctypes.c_char_p, [pointer]),
    ("BN_mod_exp", ctypes.c_int, [pointer] * 5),
    ("OpenSSL_version", ctypes.c_char_p, [ctypes.c_int]),
]:
    function = getattr(crypto, name)
    function.restype, function.argtypes = result, arguments


def number(digits):
    n = pointer(None)
    crypto.BN_hex2bn(ctypes.byref(n), digits.encode())
    return n


n, g, a, b, x = map(number, sys.argv[1:])
power, context = crypto.BN_new(), crypto.BN_CTX_new()
print(crypto.OpenSSL_version(0).decode(), flush=True)
for line in sys.stdin:
    start = time.perf_counter_ns()
    for base, exponent in (g, a), (g, x), (b, a):
        crypto.BN_mod_exp(power, base, exponent, n, context)
    took = time.perf_counter_ns() - start
    print(took, crypto.BN_bn2hex(power).decode().lower().lstrip("0"), flush=True)
