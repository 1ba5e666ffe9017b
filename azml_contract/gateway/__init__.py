"""HTTP for other processes: TLS on loopback, CONNECT, certificates, sockets."""
