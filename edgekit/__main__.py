"""The program: ``edgekit``, and ``python -m edgekit``."""

import signal

if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    # Ctrl-C among the imports below ends the program without a traceback; `main` listens to it.
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from edgekit.cli import main

if __name__ == "__main__":
    main()
