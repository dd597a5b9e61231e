"""Fakes that speak the protocol over real sockets; none of them knows the program that it is used to test."""
