"""Linux machines reached with OpenSSH."""
