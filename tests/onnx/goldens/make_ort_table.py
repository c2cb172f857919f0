"""Writes ort_table.json: places in ONNX Runtime's table of functions and in OrtCustomOp, as the
official header has them.

Usage: python3 make_ort_table.py FOLDER > ort_table.json
FOLDER holds onnxruntime_c_api.h (Debian 13: package libonnxruntime-dev 1.21). Needs a C++ compiler.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

here = pathlib.Path(__file__).parent
declarations = (here / "../../../kernels/src/ort/ort_api.h").read_text()
functions = re.findall(r"^\s*F\((\w+), \d+", declarations, re.M)
body = re.search(r"struct OrtCustomOp \{(.*?)\n\};", declarations, re.S).group(1)
callbacks = re.findall(r"\(\*(\w+)\)\(", body)

lines = [f'  std::printf("%zu\\n", offsetof(OrtApi, {name}) / 8);' for name in functions]
lines += [f'  std::printf("%zu\\n", offsetof(OrtCustomOp, {name}) / 8);' for name in callbacks]
lines += ['  std::printf("%zu\\n", sizeof(OrtCustomOp));', '  std::printf("%d\\n", ORT_API_VERSION);']
source = "#include <cstddef>\n#include <cstdio>\n#include \"onnxruntime_c_api.h\"\nint main() {\n"
source += "\n".join(lines) + "\n}\n"
with tempfile.TemporaryDirectory() as work:
    path = pathlib.Path(work) / "table.cc"
    path.write_text(source)
    subprocess.run(["c++", f"-I{sys.argv[1]}", path, "-o", f"{work}/table"], check=True)
    run = subprocess.run([f"{work}/table"], check=True, capture_output=True)
numbers = [int(line) for line in run.stdout.split()]
custom = len(functions) + len(callbacks)
print(json.dumps({
    "version": numbers[custom + 1],
    "functions": dict(zip(functions, numbers)),
    "customOp": dict(zip(callbacks, numbers[len(functions):])),
    "customOpBytes": numbers[custom],
}, indent=2))
