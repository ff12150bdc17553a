//! A running host: every part built, handed to the others, and taken down in order.
//!
//! ```text
//! start: lock ─▶ address ─▶ store ─▶ plugins ─▶ queues ─▶ first generations ─▶ listeners ─▶ HTTP
//! stop:  HTTP takes no more ─▶ listeners end ─▶ queues commit and answer ─▶ HTTP is drained ─▶ store
//! ```
//!
//! The address is taken early, so that a second host fails before it touches anything, and
//! connections are answered last, so that nobody is answered by half a host.

mod chores;
mod first;
mod folder;
mod lock;
mod parts;
mod storage;
mod wishes;

use std::{io::ErrorKind, net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context;
use hinny_api::{Access, AccessToken, InvalidToken};
use hinny_core::{
    Clock,
    decision::Decisions,
    plugin::Plugins,
    queue::{Events, Queues},
    store::Store,
};
use hinny_listeners::Listeners;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{info, warn};

pub(crate) use lock::{DatabaseLock, is_taken};
pub(crate) use parts::connectors;
pub(crate) use storage::Storage;

use crate::{
    access::{self, Admission},
    config::{ApiConfig, Config, DatabasePlace},
    http::HttpServer,
    telemetry,
};
use parts::Parts;

/// How long open requests have before waiting workers are woken up: ordinary ones are answered by
/// then, and a long poll would hold up the stop for a minute.
const ORDINARY: Duration = Duration::from_millis(250);

/// A running host.
pub struct Host {
    address: SocketAddr,
    parts: Parts,
    listeners: Listeners,
    serving: JoinHandle<()>,
    tracker: TaskTracker,
    /// Ends the acceptance of connections.
    close: CancellationToken,
    /// Ends listeners, chores and the housekeeping of plugins.
    quiet: CancellationToken,
    drain: Duration,
    /// None: the database keeps other hosts away by itself.
    _lock: Option<DatabaseLock>,
}

impl Host {
    /// Starts a host. When this returns, it answers.
    pub async fn start(config: Config, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        config.validate()?;
        let access = access(&config.api)?;
        if let Some(folder) = &config.plugins.folder {
            folder::refuse_open(folder, !config.plugins.trusted_keys.is_empty())?;
        }
        let metrics = telemetry::metrics();
        let lock = match config.database.place()? {
            DatabasePlace::Sqlite(file) => Some(DatabaseLock::take(file)?),
            DatabasePlace::Postgres(_) => None,
        };
        let listener = listen(config.api.listen).await?;
        let address = listener.local_addr().context("the address of the API cannot be read")?;

        let (close, quiet) = (CancellationToken::new(), CancellationToken::new());
        let tracker = TaskTracker::new();
        let parts = Parts::build(&config, clock, &tracker, &quiet).await?;
        if let Err(error) = first::activate(&config.schedulers, &parts.plugins).await {
            parts.stop(&tracker, &quiet).await;
            parts.close().await;
            return Err(error);
        }
        let (listeners, health) = parts.listen(&config, &tracker, &quiet)?;
        parts.watch_folder(&config, &tracker, &quiet);
        tracker.spawn(chores::keep_up_metrics(metrics.clone(), quiet.clone()));

        let router = hinny_api::router(parts.api(&config, &listeners, health, access, metrics));
        let server = HttpServer { listener, router, connections_max: config.api.connections_max };
        // Outside the tracker: it ends after everything that the tracker waits for.
        #[expect(clippy::disallowed_methods, reason = "`stop` awaits its handle")]
        let serving = tokio::spawn(server.run(close.clone()));
        info!(%address, database = config.database.shown(), "hinny answers on http://{address}");
        if config.schedulers.is_empty() {
            warn!(
                "no scheduler is configured, so there is no queue; hint: add `[[schedulers]]` with an `id`"
            );
        }
        let drain = config.stop.drain();
        Ok(Self { address, parts, listeners, serving, tracker, close, quiet, drain, _lock: lock })
    }

    /// Where the API listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The queues.
    pub fn queues(&self) -> Arc<dyn Queues> {
        Arc::clone(&self.parts.queues) as _
    }

    /// The way in for messages.
    pub fn events(&self) -> Arc<dyn Events> {
        self.listeners.inbox()
    }

    /// The plugins.
    pub fn plugins(&self) -> Arc<dyn Plugins> {
        Arc::new(self.parts.plugins.clone())
    }

    /// What rankers decided.
    pub fn decisions(&self) -> Arc<dyn Decisions> {
        Arc::new(self.parts.plugins.clone())
    }

    /// The database.
    pub fn store(&self) -> Arc<dyn Store> {
        self.parts.storage.store()
    }

    /// Has every listener look at once, instead of within a second.
    pub fn wake_listeners(&self) {
        self.listeners.wake();
    }

    /// Stops in order. Open requests have the configured time; what is still open then is cut off.
    pub async fn stop(mut self) {
        self.close.cancel();
        let _ = tokio::time::timeout(ORDINARY, &mut self.serving).await;
        self.parts.stop(&self.tracker, &self.quiet).await;
        if !self.serving.is_finished()
            && tokio::time::timeout(self.drain, &mut self.serving).await.is_err()
        {
            warn!(
                "requests are still open after {} s and are cut off; hint: `stop.drain_seconds` is the limit",
                self.drain.as_secs()
            );
            self.serving.abort();
        }
        self.parts.close().await;
    }
}

async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        let hint = match error.kind() {
            ErrorKind::AddrInUse => {
                "another program uses the port: choose one with --listen or `api.listen`"
            }
            ErrorKind::AddrNotAvailable => {
                "this machine does not have that address: choose one with --listen or `api.listen`"
            }
            ErrorKind::PermissionDenied => {
                "ports below 1024 are for the administrator: choose one with --listen or `api.listen`"
            }
            _ => "choose an address with --listen or `api.listen`",
        };
        anyhow::Error::new(error).context(format!("cannot listen on {address}; hint: {hint}"))
    })
}

/// Who may use the API; what is unusual is said in the log.
fn access(api: &ApiConfig) -> anyhow::Result<Access> {
    match access::admission(api)? {
        Admission::Machine => Ok(Access::Open),
        Admission::Everyone => {
            warn!(
                "everyone who reaches {} may push, pop and replace plugins, since `api.access` is `open`{}; \
                 hint: where others reach it, set it to `tokens`",
                api.listen,
                if api.tokens.is_empty() {
                    ""
                } else {
                    "; the configured tokens are not asked for"
                }
            );
            Ok(Access::Open)
        }
        Admission::Tokens => {
            let tokens = api
                .tokens
                .iter()
                .map(|token| AccessToken::from_hash(&token.name, token.role.into(), &token.sha256));
            Ok(Access::Tokens(tokens.collect::<Result<_, InvalidToken>>()?))
        }
    }
}
