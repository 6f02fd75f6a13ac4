"""A PostgreSQL server with default settings (fsync on), from the same binaries as in the tests."""

from tests import pg


class Server(pg.Server):
    """One cluster in its own folder; only the socket directory is configured."""

    @property
    def pid(self) -> int:
        """The process id of the postmaster."""
        return int((self.data / "postmaster.pid").read_text().split()[0])

    def program(self, name: str) -> str:
        """The path of a program of the PostgreSQL distribution."""
        return str(self._binaries() / "bin" / name)

    def _start(self) -> None:
        self._provide_binaries()
        self.run(
            "initdb", "--pgdata", str(self.data), "--username", "postgres", "--auth", "trust",
            "--encoding", "UTF8", "--no-locale", "--no-instructions",
        )  # fmt: skip
        with (self.data / "postgresql.conf").open("a") as conf:
            conf.write(f"listen_addresses = ''\nunix_socket_directories = '{self.folder}'\n")
        self.run("pg_ctl", "start", "--wait", "--pgdata", str(self.data), "--log", str(self.log))
