/// The homes by their names in `LLMIO_CONFORMANCE_HOME`.
///
/// What the suite may ask of a home in its own way only is a capability here, each with its line in `docs/deploy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The `llmio` binary with a database file.
    Server,
    /// The `llmio` binary with a libSQL server.
    ServerLibsql,
    /// The Cloudflare Worker in workerd, with a D1 database.
    Worker,
    /// The Cloudflare Worker in workerd, with a libSQL server.
    WorkerLibsql,
    /// The function in an emulation of AWS Lambda, with a libSQL server.
    Lambda,
}

impl Kind {
    pub const ALL: [Self; 5] = [Self::Server, Self::ServerLibsql, Self::Worker, Self::WorkerLibsql, Self::Lambda];

    /// The one that `LLMIO_CONFORMANCE_HOME` names; without it, [`Self::Server`].
    pub fn chosen() -> Self {
        let name = std::env::var("LLMIO_CONFORMANCE_HOME").unwrap_or_default();
        if name.is_empty() {
            return Self::Server;
        }
        Self::ALL.into_iter().find(|kind| kind.name() == name).unwrap_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            panic!("LLMIO_CONFORMANCE_HOME={name}: the homes are: {names}")
        })
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::ServerLibsql => "server-libsql",
            Self::Worker => "worker",
            Self::WorkerLibsql => "worker-libsql",
            Self::Lambda => "lambda",
        }
    }

    /// Whether it keeps its data in a libSQL server.
    pub const fn is_on_libsql(self) -> bool {
        matches!(self, Self::ServerLibsql | Self::WorkerLibsql | Self::Lambda)
    }

    /// Whether several of it can serve from one database.
    pub const fn shares_its_database(self) -> bool {
        matches!(self, Self::Server) || self.is_on_libsql()
    }

    /// Whether it applies a configuration file at its start; the others are configured through the admin API.
    pub const fn reads_config_file(self) -> bool {
        matches!(self, Self::Server | Self::ServerLibsql)
    }

    /// Whether the client's own `Connection` header reaches it, so that it can drop what that header names; elsewhere
    /// the platform ends the hop.
    pub const fn sees_connection_header(self) -> bool {
        matches!(self, Self::Server | Self::ServerLibsql)
    }

    /// A request's body of this size is taken. Lambda takes 6 MiB with everything around it, a Worker has 128 MiB of
    /// memory.
    pub const fn big_body_bytes(self) -> usize {
        match self {
            Self::Lambda => 5 << 20,
            Self::Worker | Self::WorkerLibsql => 20 << 20,
            Self::Server | Self::ServerLibsql => 40 << 20,
        }
    }

    /// Whether it tells a provider whose name is not found, that refuses the connection or that fails TLS from one that
    /// broke off before its answer. `fetch` does not tell a Worker.
    pub const fn tells_failed_connections_apart(self) -> bool {
        !matches!(self, Self::Worker | Self::WorkerLibsql)
    }

    /// Whether its connections to providers are its own, so that it knows a reused one. A Worker's are `fetch`'s.
    pub const fn keeps_its_own_connections(self) -> bool {
        !matches!(self, Self::Worker | Self::WorkerLibsql)
    }

    /// Whether it learns that a client left before any answer began. Lambda does not tell.
    pub const fn notices_clients_that_leave_early(self) -> bool {
        !matches!(self, Self::Lambda)
    }
}
