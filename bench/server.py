"""A PostgreSQL with its settings as delivered (fsync on), started from the binaries that the tests use as well."""

from tests import pg


class Server(pg.Server):
    """One cluster below a folder of its own; only the socket's place is set."""

    @property
    def pid(self) -> int:
        """The process that all of the server's processes come from."""
        return int((self.data / "postmaster.pid").read_text().split()[0])

    def program(self, name: str) -> str:
        """The path of a program beside the server."""
        return str(self._binaries() / "bin" / name)

    def _start(self) -> None:
        self._provide_binaries()
        self._run(
            "initdb", "--pgdata", str(self.data), "--username", "postgres", "--auth", "trust",
            "--encoding", "UTF8", "--no-locale", "--no-instructions",
        )  # fmt: skip
        with (self.data / "postgresql.conf").open("a") as conf:
            conf.write(f"listen_addresses = ''\nunix_socket_directories = '{self.folder}'\n")
        self._run("pg_ctl", "start", "--wait", "--pgdata", str(self.data), "--log", str(self.log))
