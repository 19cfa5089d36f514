# Runs the programs of a JSON file under a short switch interval, each several times, and prints what each printed in each run;
# an exception in a thread counts as something printed.
import io
import json
import sys

if sys.version_info[0] < 3:
    from StringIO import StringIO

    sys.setcheckinterval(1)
else:
    from io import StringIO

    sys.setswitchinterval(1e-6)


def run(text):
    kept = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = StringIO(), StringIO()
    try:
        exec(compile(text, "<program>", "exec", 0, True), {"__name__": "__main__"})
        out, said = sys.stdout.getvalue(), sys.stderr.getvalue().strip()
    finally:
        sys.stdout, sys.stderr = kept
    return out + (said.splitlines()[-1] if said else "")


with io.open(sys.argv[1], encoding="utf-8") as programs:
    print(json.dumps([[run(text) for _ in range(int(sys.argv[2]))] for text in json.load(programs)]))
