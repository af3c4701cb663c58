# SPDX-License-Identifier: Apache-2.0
"""The work folder of a script that measures: what is made there once is kept, and octet is run for it."""

import json
import os
import subprocess


class WorkFolder:
    def __init__(self, options, kinds):
        """`options` has the program (octet), the folder (work) and threads (0: the program's choice)."""
        self.octet_path, self.work, self.threads = options.octet, options.work, options.threads
        for kind in kinds:
            os.makedirs(os.path.join(self.work, kind), exist_ok=True)

    def path(self, kind, name):
        return os.path.join(self.work, kind, name)

    def octet(self, *arguments):
        """What the program prints as JSON."""
        threads = ["--threads", str(self.threads)] if self.threads else []
        ran = subprocess.run([self.octet_path, *arguments, *threads, "-q", "--json"], capture_output=True, text=True,
                             check=False)
        if ran.returncode:
            raise RuntimeError(f"octet {' '.join(arguments)}: {ran.stderr.strip()}")
        return json.loads(ran.stdout)

    def kept(self, kind, name, make):
        """A result from its file, or made now and kept."""
        path = self.path(kind, name)
        if not os.path.exists(path):
            made = make()
            with open(path + ".part", "w", encoding="utf-8") as file:
                json.dump(made, file)
            os.replace(path + ".part", path)
        with open(path, encoding="utf-8") as file:
            return json.load(file)

    def listed(self, name, paths):
        """A text file of pictures."""
        path = self.path("lists", name + ".txt")
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(os.path.abspath(p) for p in paths) + "\n")
        return path
