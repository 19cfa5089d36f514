"exit" "125"  # nothing in Python; a shell that was named by mistake leaves here and runs no further line
# Says what this interpreter is. The same lines must run on every Python from 2.7 on, whoever made it.
import sys

# A file of the folder that it is run in may have the name of a module.
sys.path = [folder for folder in sys.path if folder]

import json
import os
import platform

# A build without the GIL can have it switched on again, so the build and the present state are two answers.
free_threaded = False
if sys.version_info >= (3, 13):
    import sysconfig
    free_threaded = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
gil_enabled = bool(getattr(sys, "_is_gil_enabled", lambda: True)())

# 3.2 went from counting bytecodes to measuring time.
if hasattr(sys, "getswitchinterval"):
    interval = {"seconds": sys.getswitchinterval()}
else:
    interval = {"ticks": sys.getcheckinterval()}

# Two names of one installation agree in all of this; two builds in one folder differ in the version text
# or in the ABI flags. A virtual environment is its base.
prefix = getattr(sys, "base_prefix", getattr(sys, "real_prefix", sys.prefix))
identity = [os.path.realpath(prefix), sys.version, getattr(sys, "abiflags", "")]

print(json.dumps({
    "implementation": platform.python_implementation(),
    "version": list(sys.version_info[:3]),
    "release": platform.python_version(),
    "free_threaded": free_threaded,
    "gil_enabled": gil_enabled,
    "interval": interval,
    "identity": identity,
}))
