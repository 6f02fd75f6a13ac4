"""What `deploy/` says holds for this program: commands, settings, probes; nothing has rights that it does not need."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path
from typing import Any
from uuid import uuid4

import kubernetes_validate
import psycopg
import pytest
import yaml

from tests import pg
from tests.commands import assert_is_command
from ungdom import cli
from ungdom.api.http import health
from ungdom.settings.model import Settings

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
TIMERS = sorted((DEPLOY / "systemd").glob("*.timer"))
MANIFESTS = [
    document
    for path in sorted((DEPLOY / "kubernetes").glob("*.yaml"))
    for document in yaml.safe_load_all(path.read_text("utf-8"))
]
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
CONTAINER = (DEPLOY / "Containerfile").read_text("utf-8")
EXPOSURE = "20"
"""The most that `systemd-analyze security` may find, of 100: less is better."""


def pods() -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Each pod of the manifests with its one container."""
    for document in MANIFESTS:
        spec = document.get("spec", {})
        spec = spec.get("jobTemplate", {}).get("spec", spec)
        if "template" in spec:
            pod = spec["template"]["spec"]
            [container] = pod["containers"]
            yield document["metadata"]["name"], pod, container


def test_every_variable_is_a_setting() -> None:
    settings = {f"UNGDOM_{name.upper()}" for name in Settings.model_fields}
    files = [path for path in DEPLOY.rglob("*") if path.is_file()]
    variables = {name for path in files for name in re.findall(r"\bUNGDOM_[A-Z_]+\b", path.read_text("utf-8"))}
    assert "UNGDOM_DATA_DIR" in variables
    assert variables <= settings


def test_pods_run_commands_without_rights_that_they_do_not_need() -> None:
    assert {name for name, *_ in pods()} == {"ungdom", "ungdom-worker", "ungdom-nightly", "ungdom-upgrade"}
    for name, pod, container in pods():
        assert_is_command(container["args"])
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["securityContext"]["runAsUser"] >= 10_000
        assert pod["automountServiceAccountToken"] is False
        assert pod["enableServiceLinks"] is False, "UNGDOM_PORT and others of the service are no settings"
        context = container["securityContext"]
        assert context["readOnlyRootFilesystem"] is True
        assert context["allowPrivilegeEscalation"] is False
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert container["resources"]["limits"]["memory"]
        volumes = {volume["name"] for volume in pod["volumes"]}
        assert {mount["name"] for mount in container["volumeMounts"]} == volumes


@pytest.mark.parametrize(
    "document", MANIFESTS, ids=lambda document: f"{document['kind']}/{document['metadata']['name']}"
)
def test_manifests_keep_the_schemas_of_kubernetes(document: dict[str, Any]) -> None:
    """Strictly: a field that there is not is a fault as well."""
    version = kubernetes_validate.latest_version()
    assert version.startswith(kubernetes_validate.validate(document, version, strict=True))
    for wrong in (document | {"specs": {}}, document | {"metadata": {"name": 7}}):
        with pytest.raises(kubernetes_validate.ValidationError):
            kubernetes_validate.validate(wrong, version, strict=True)


@pytest.mark.parametrize(
    ("change", "code"), [({}, 0), ({"servces": {}}, 1), ({"services": {"ungdom": {"imag": "x"}}}, 1)]
)
def test_the_compose_file_keeps_its_schema(tmp_path: Path, change: dict[str, Any], code: int) -> None:
    file = tmp_path / "compose.yaml"
    file.write_text(yaml.safe_dump(COMPOSE | change), encoding="utf-8")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == code, done.stdout + done.stderr


def test_probes_ask_what_is_answered_without_a_token() -> None:
    routes = {route.path for route in health.router.routes} | {"/metrics"}
    probes = [
        (container, container[kind]["httpGet"])
        for _, _, container in pods()
        for kind in ("startupProbe", "livenessProbe", "readinessProbe")
        if kind in container
    ]
    assert len(probes) == 4
    for container, probe in probes:
        assert probe["path"] in routes
        assert probe["port"] in {port["name"] for port in container["ports"]}


def test_what_manifests_name_is_there() -> None:
    there = {(document["kind"], document["metadata"]["name"]) for document in MANIFESTS}
    for _, pod, container in pods():
        named = {("ConfigMap", one["configMapRef"]["name"]) for one in container["envFrom"] if "configMapRef" in one}
        for volume in pod["volumes"]:
            named |= {("ConfigMap", volume["configMap"]["name"])} if "configMap" in volume else set()
            claim = volume.get("persistentVolumeClaim")
            named |= {("PersistentVolumeClaim", claim["claimName"])} if claim else set()
        assert named <= there
    cron = next(document for document in MANIFESTS if document["kind"] == "CronJob")["spec"]
    assert (cron["timeZone"], cron["concurrencyPolicy"]) == ("Europe/Oslo", "Forbid")


def test_the_data_folder_of_pods_is_one_that_their_user_makes_below_the_volume() -> None:
    maps = {document["metadata"]["name"]: document for document in MANIFESTS if document["kind"] == "ConfigMap"}
    mounts = [mount for _, _, container in pods() for mount in container["volumeMounts"] if mount["name"] == "data"]
    assert len(mounts) == len(list(pods()))
    folder = Path(maps["ungdom"]["data"]["UNGDOM_DATA_DIR"])
    assert [mount for mount in mounts if Path(mount["mountPath"]) not in folder.parents] == []


def test_compose_runs_the_same_commands_and_publishes_nothing_beyond_this_machine() -> None:
    services = COMPOSE["services"]
    ours = {name: service for name, service in services.items() if service["image"] == "ungdom"}
    assert set(ours) == {"upgrade", "serve", "worker"}
    for service in ours.values():
        assert_is_command(service.get("command", ["serve"]))
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert set(service["depends_on"]) <= set(services)
    for service in services.values():
        assert set(service["networks"]) <= set(COMPOSE["networks"])
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
    assert COMPOSE["networks"]["inside"]["internal"] is True


def test_services_of_compose_connect_as_the_application_and_only_the_upgrade_as_owner() -> None:
    services = COMPOSE["services"]
    assert services["upgrade"]["env_file"] == ["environment", "environment-owner"]
    assert services["upgrade"]["environment"]["UNGDOM_DATABASE_APPLICATION_ROLE"] == "ungdom_app"
    assert {services[name]["env_file"] for name in ("serve", "worker")} == {"environment"}
    assert services["database"]["env_file"] == "environment-database"
    assert "./roles.sql:/docker-entrypoint-initdb.d/roles.sql:ro" in services["database"]["volumes"]
    probe = services["database"]["healthcheck"]["test"]
    assert "--host" in probe, "on the socket the server answers before the roles are there"


def test_roles_of_compose_are_an_owner_and_one_without_rights(pg_server: str) -> None:
    """The file as the image executes it; roles are of the whole server of the tests, so their names are others."""
    ours = f"deploy_{uuid4().hex[:8]}"
    script = re.sub(r"\bungdom(?=\b|_)", ours, (DEPLOY / "roles.sql").read_text("utf-8"))
    environment = {**os.environ, "OWNER_PASSWORD": "it's", "APPLICATION_PASSWORD": "b"}
    command = [pg.shipped_binaries() / "bin" / "psql", "-v", "ON_ERROR_STOP=1", "--no-psqlrc", "-d", pg_server]
    with psycopg.connect(pg_server, autocommit=True) as admin:
        try:
            subprocess.run(command, input=script, env=environment, check=True, capture_output=True, text=True)
            roles = admin.execute(
                "SELECT rolname, rolcanlogin, rolsuper OR rolcreaterole OR rolcreatedb, rolpassword IS NOT NULL"
                " FROM pg_authid WHERE rolname LIKE %s ORDER BY 1",
                [f"{ours}%"],
            ).fetchall()
            assert roles == [(f"{ours}_app", True, False, True), (f"{ours}_owner", True, False, True)]
            owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s"
            assert admin.execute(owner, [ours]).fetchone() == (f"{ours}_owner",)
        finally:
            for dropped in (f"DATABASE IF EXISTS {ours}", f"ROLE IF EXISTS {ours}_app, {ours}_owner"):
                admin.execute(f"DROP {dropped}")


def test_the_container_runs_as_nobody_and_copies_what_is_there() -> None:
    stages = CONTAINER.split("\nFROM ")
    assert re.findall(r"^USER (.+)$", stages[-1], re.M) == ["10001:10001"]
    for sources in re.findall(r"^COPY (?!--from)(.+) \S+$", CONTAINER, re.M):
        for source in sources.split():
            assert (ROOT / source).exists(), source
            ignored = (DEPLOY / "Containerfile.dockerignore").read_text("utf-8").splitlines()
            assert f"!{source}" in ignored
    for line in re.findall(r"^CMD (\[.+\])$", CONTAINER, re.M):
        assert_is_command(yaml.safe_load(line))


def unit_of(path: Path) -> ConfigParser:
    parser = ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string(path.read_text("utf-8"))
    return parser


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_runs_a_command_as_a_user_of_its_own(path: Path) -> None:
    service = unit_of(path)["Service"]
    program, *words = shlex.split(service["ExecStart"])
    assert program == "/opt/ungdom/bin/ungdom"
    assert_is_command(words)
    assert service["User"] == "ungdom"
    assert service["NoNewPrivileges"] == "yes"
    assert service["ProtectSystem"] == "strict"
    assert service.get("RestartPreventExitStatus", "2") == str(int(cli.ExitCode.CALL))


def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    assert len({*UNITS, *TIMERS}) == len(list((DEPLOY / "systemd").glob("*.*"))) > 3
    for path in (*UNITS, *TIMERS):
        text = path.read_text("utf-8").replace("/opt/ungdom/bin/ungdom", "/bin/true")
        (tmp_path / path.name).write_text(text.replace("User=ungdom", "User=daemon"))
        assert "Service" in unit_of(path) or "Timer" in unit_of(path)
    for path in (*UNITS, *TIMERS) if program else ():
        command = [program, "verify", "--man=no", "--recursive-errors=no", str(tmp_path / path.name)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
        assert (done.returncode, done.stderr) == (0, "")
    for path in UNITS if program else ():
        command = [program, "security", "--offline=yes", f"--threshold={EXPOSURE}", str(tmp_path / path.name)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
        assert done.returncode == 0, done.stdout.splitlines()[-1:]
