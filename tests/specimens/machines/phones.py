"""A phone to reach with adb: a stand-in for the adb program, and a folder as the phone.

The stand-in runs what it is given in this machine's shell, with the phone's folders in place of
/data/local/tmp, /sys and /proc, and with programs on PATH that print recorded transcripts.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

SERIAL = "1A2B3C4D"

# It imports little, as it is started often.
_ADB = """\
#!{python} -IS
import os, sys

phone, arguments = {phone!r}, sys.argv[1:]

def read(name):
    with open(os.path.join(phone, name)) as file:
        return file.read()

with open(os.path.join(phone, "calls"), "a") as calls:
    calls.write(repr(arguments) + "\\n")
told = os.listdir(phone)
if "broken" in told:
    sys.exit("adb: cannot bind to 127.0.0.1:5037: Address already in use")
table = read("devices")
if arguments == ["devices"]:
    print("* daemon not running; starting now at tcp:5037\\n* daemon started successfully")
    print("List of devices attached\\n" + table)
    sys.exit()
option, serial, verb, *rest = arguments
assert option == "-s", arguments
state = dict(line.split("\\t") for line in table.splitlines() if line).get(serial)
if state is None:
    sys.exit(f"error: device {{serial!r}} not found")
there = {{"/data/local/tmp": "storage", "/sys/devices/system/cpu": "cpu", "/proc": "proc"}}
there = {{path: os.path.join(phone, folder) for path, folder in there.items()}}
if verb == "get-state":
    print(state)
elif verb == "features":
    print(read("features"))
elif verb == "push":
    source, target = rest
    if "full" in told:
        print(f"{{source}}: 1 file pushed, 0 skipped. 310.2 MB/s")
        sys.exit(f"adb: error: failed to copy '{{source}}' to '{{target}}': remote write failed: "
                 "No space left on device")
    for path, folder in there.items():
        target = target.replace(path, folder)
    with open(source, "rb") as file, open(target, "wb") as copy:
        copy.write(file.read())
elif verb == "shell":
    command = " ".join(rest)
    if "unplug" in told and read("unplug") in "^" + command:
        with open(os.path.join(phone, "devices"), "w"):
            sys.exit(255)
    for path, folder in there.items():
        command = command.replace(path, folder)
    # Its own session and pipes: what runs on a phone outlives an adb that is killed.
    said = [os.pipe(), os.pipe()]
    child = os.posix_spawn(
        "/bin/sh", ["sh", "-c", command],
        dict(os.environ, PATH=os.path.join(phone, "programs") + ":" + os.environ["PATH"]),
        setsid=True,
        file_actions=[(os.POSIX_SPAWN_DUP2, pipe[1], 1 + number)
                      for number, pipe in enumerate(said)],
    )
    for number, pipe in enumerate(said):
        os.close(pipe[1])
        with open(pipe[0]) as file:
            text = file.read()
        for path, folder in there.items():
            text = text.replace(folder, path)
        os.write(1 + number, text.encode())
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    sys.exit(status if status >= 0 else 128 - status)
else:
    sys.exit(f"adb: unknown command {{verb}}")
"""

PROPERTIES = {
    "ro.product.manufacturer": "Google", "ro.product.model": "Pixel 7",
    "ro.build.version.release": "14", "ro.build.version.sdk": "34", "ro.soc.model": "GS201",
    "ro.board.platform": "gs201", "ro.product.cpu.abi": "arm64-v8a",
}  # fmt: skip

BATTERY = """\
Current Battery Service state:
  AC powered: false
  USB powered: true
  Wireless powered: false
  Max charging current: 500000
  status: 2
  health: 2
  present: true
  level: 84
  scale: 100
  voltage: 4213
  temperature: 312
  technology: Li-ion
"""

THERMAL = """\
IsStatusOverride: false
ThermalEventListeners:
\tcallbacks: 2
Thermal Status: 0
Cached temperatures:
\tTemperature{mValue=71.5, mType=0, mName=BIG, mStatus=0}
HAL Ready: true
HAL connection:
\tThermalHAL 2.0 connected: yes
Current temperatures from HAL:
\tTemperature{mValue=38.25, mType=0, mName=BIG, mStatus=0}
\tTemperature{mValue=33.1, mType=3, mName=skin, mStatus=0}
\tTemperature{mValue=-99.9, mType=6, mName=modem, mStatus=0}
Current cooling devices from HAL:
\tCoolingDevice{mValue=0, mType=2, mName=thermal-cpufreq-0}
"""


class Phone:
    """The phone's folder, and what it is like."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.storage, self.programs = folder / "storage", folder / "programs"
        for each in (self.storage, self.programs, folder / "proc", folder / "cpu"):
            each.mkdir(parents=True)
        self.client = folder / "client"
        self.client.mkdir()
        adb = self.client / "adb"
        adb.write_text(_ADB.format(python=sys.executable, phone=str(folder)))
        adb.chmod(0o755)
        self.attach(f"{SERIAL}\tdevice")
        self.say("features", "cmd\nstat_v2\nshell_v2\nsendrecv_v2_brotli")
        rows = "".join(f"[{name}]: [{value}]\n" for name, value in PROPERTIES.items())
        self.say("getprop.txt", f"[ro.serialno]: [{SERIAL}]\n{rows}[sys.usb.state]: [adb]\n")
        self.have("getprop", f"cat {folder / 'getprop.txt'}")
        self.dump(BATTERY, THERMAL)
        self.have("taskset", f'echo "$1" >> {folder / "masks"}; shift; exec "$@"')
        (folder / "proc" / "loadavg").write_text("3.14 3.02 2.90 2/1843 12345\n")
        for number in range(8):
            slow = number < 4
            self.put(f"cpu/cpu{number}/cpu_capacity", "160" if slow else "1024")
            frequencies = f"cpu/cpu{number}/cpufreq"
            self.put(f"{frequencies}/cpuinfo_max_freq", "1803000" if slow else "2850000")
            self.put(f"{frequencies}/scaling_cur_freq", "300000" if slow else "984000")
            self.put(f"{frequencies}/scaling_governor", "sched_pixel")

    def attach(self, *rows: str) -> None:
        """Say what `adb devices` shows."""
        self.say("devices", "".join(f"{row}\n" for row in rows))

    def say(self, name: str, text: str = "") -> None:
        """Tell the stand-in something: ``full``, ``broken``, ``unplug`` at a text, and so on."""
        (self.folder / name).write_text(text)

    def put(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")

    def have(self, program: str, shell: str) -> None:
        """Put a program on the phone's PATH."""
        path = self.programs / program
        path.write_text(f"#!/bin/sh\n{shell}\n")
        path.chmod(0o755)

    def dump(self, battery: str, thermal: str) -> None:
        """Say what dumpsys prints."""
        self.say("battery.txt", battery)
        self.say("thermal.txt", thermal)
        self.have("dumpsys", f"case $1 in battery) cat {self.folder / 'battery.txt'};; "
                  f"thermalservice) cat {self.folder / 'thermal.txt'};; esac")  # fmt: skip

    def benchmark_model(self, shell: str, path: Path | None = None) -> Path:
        """Write a benchmark_model that does this; without a path, onto the phone."""
        path = path or self.storage / "benchmark_model"
        path.write_text(f'#!/bin/sh\necho "$0 $*" >> {self.folder / "ran"}\n{shell}\n')
        path.chmod(0o755)
        return path

    def lines(self, name: str) -> list[str]:
        """Return what the stand-ins noted: ``ran`` or ``masks``."""
        return (self.folder / name).read_text().splitlines()

    def calls(self) -> list[list[str]]:
        """Return the arguments of every call of adb."""
        return [ast.literal_eval(line) for line in self.lines("calls")]

    def leftovers(self) -> list[str]:
        """Return the folders that are still in the phone's storage."""
        return [path.name for path in self.storage.iterdir() if path.is_dir()]
