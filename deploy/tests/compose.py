"""Checks compose files against the Compose Specification, and what ours have to keep: compose.py FILE..."""

import json
import sys
from pathlib import Path

import yaml
from compose_spec import PyCompose


def problems(path):
    """What is wrong with one file, in sentences."""
    # The merge keys of YAML are resolved first: they are YAML's, and the specification knows none.
    document = yaml.safe_load(path.read_text())
    try:
        PyCompose.from_json(json.dumps(document)).to_spec()
    except ValueError as error:
        return [f"is not as the Compose Specification says: {error}"]
    services = document["services"]
    found = []
    for name, service in services.items():
        found += [f"{name}: {what}" for what in of_service(path.parent, name, service, services, document)]
    for name, secret in document.get("secrets", {}).items():
        if not secret.get("file", "").startswith("./secrets/"):
            found.append(f"the secret {name} is not a file in ./secrets, which git does not see")
    return found


def of_service(folder, name, service, services, document):
    if "build" in service:
        build = service["build"]
        file = (folder / build["context"]).resolve() / build["dockerfile"]
        if f" AS {build['target']}\n" not in file.read_text():
            yield f"{file.name} has no stage {build['target']}"
        for key in ("read_only", "cap_drop", "mem_limit", "pids_limit", "restart"):
            if not service.get(key):
                yield f"lacks {key}"
    elif "healthcheck" not in service:
        yield "has no healthcheck, so nothing can wait for it"
    for other, how in service.get("depends_on", {}).items():
        if other not in services:
            yield f"waits for {other}, which is no service"
        elif how["condition"] != "service_healthy":
            yield f"does not wait until {other} is healthy"
    for volume in service.get("volumes", []):
        source = volume.split(":")[0]
        if not source.startswith("./") and source not in document.get("volumes", {}):
            yield f"the volume {source} is not declared"
    for secret in service.get("secrets", []):
        source = secret["source"] if isinstance(secret, dict) else secret
        if source not in document.get("secrets", {}):
            yield f"the secret {source} is not declared"
    for key, value in service.get("environment", {}).items():
        if any(word in key for word in ("PASSWORD", "TOKEN", "SECRET")) and not key.endswith("_FILE"):
            yield f"{key} is a secret in the file"
    for port in service.get("ports", []):
        if not port.startswith("127.0.0.1:"):
            yield f"the port {port} is open to others"


failed = False
for argument in sys.argv[1:]:
    for problem in problems(Path(argument)):
        print(f"{argument}: {problem}")
        failed = True
sys.exit(1 if failed or len(sys.argv) < 2 else 0)
