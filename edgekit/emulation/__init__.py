"""Other processors, emulated: QEMU, an aarch64 system to run in it, and instruction counts."""
