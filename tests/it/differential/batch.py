# Runs the programs of a JSON file, each in a namespace of its own, and prints what each printed and raised.
import io
import json
import sys

if sys.version_info[0] < 3:
    from StringIO import StringIO
else:
    from io import StringIO


# No program of the model prints as much; the rest of what is longer is of no use.
MOST = 100000


def run(text):
    kept, sys.stdout, raised = sys.stdout, StringIO(), None
    try:
        exec(compile(text, "<program>", "exec", 0, True), {"__name__": "__main__"})
    except Exception as error:
        text = str(error)
        raised = type(error).__name__ + (": " + text if text else "")
    finally:
        out, sys.stdout = sys.stdout.getvalue(), kept
    return [out[:MOST], raised and raised[:MOST]]


with io.open(sys.argv[1], encoding="utf-8") as programs:
    print(json.dumps([run(text) for text in json.load(programs)]))
