"""The protocol and its arithmetic. Pure. (Empty until the protocol is built.)"""
