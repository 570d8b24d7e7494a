//! A running Keyward.

use std::sync::{Arc, Mutex, PoisonError};

use axum::{Router, extract::FromRef};
use keyward_axum::{Auth, RequireSession, Site};
use keyward_core::engine::Engine;
use keyward_store_sqlite::SqliteStore;

use crate::{jobs::Jobs, tokens::Refreshes};

/// A running Keyward: routes, guard, and what happens in the background. Cheap to clone.
///
/// As an application's state, or with [`Keyward::auth`] in it, the extractors [`Session`](crate::Session) and
/// `Option<Session>` work in every handler.
#[derive(Clone, Debug)]
pub struct Keyward {
    auth: Auth,
    running: Arc<Running>,
}

#[derive(Debug)]
struct Running {
    jobs: Mutex<Option<Jobs>>,
    refreshes: Arc<Refreshes>,
    /// The database, if Keyward opened it itself.
    sqlite: Option<Arc<SqliteStore>>,
}

impl Keyward {
    pub(crate) fn new(
        auth: Auth,
        jobs: Jobs,
        refreshes: Arc<Refreshes>,
        sqlite: Option<Arc<SqliteStore>>,
    ) -> Self {
        Self { auth, running: Arc::new(Running { jobs: Mutex::new(Some(jobs)), refreshes, sqlite }) }
    }

    /// Everything under the base path, and `/healthz` and `/readyz`: to be merged into the application's
    /// router.
    pub fn routes<S>(&self) -> Router<S>
    where
        S: Clone + Send + Sync + 'static,
    {
        keyward_axum::routes(&self.auth)
    }

    /// All that a server serves which serves nothing else but `own` pages: every address that is none gets a
    /// refusal with its code, and every request its line in the log. For [`serve`](crate::serve).
    pub fn site(&self, own: Router) -> Site {
        keyward_axum::site(&self.auth, own)
    }

    /// Guards routes: `.route_layer(keyward.require_session())`. Who navigates without a session is sent to
    /// sign in and back again; anybody else gets a 401.
    #[must_use]
    pub fn require_session(&self) -> RequireSession {
        keyward_axum::require_session(self.auth.clone())
    }

    /// The handle that the extractors need, for an application's own state.
    #[must_use]
    pub fn auth(&self) -> Auth {
        self.auth.clone()
    }

    /// The engine: [people and their sessions](keyward_core::people::People) for an application's own code.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        self.auth.engine()
    }

    /// From now on `/readyz` says 503, so that a balancer sends nobody here any more.
    pub fn drain(&self) {
        self.auth.drain();
    }

    /// Ends the background jobs and closes the database that the builder opened. Call it when the server has
    /// answered its last request: afterwards nobody can sign in.
    ///
    /// Dropping every clone ends the same things, without waiting for them.
    pub async fn close(&self) {
        self.drain();
        // First: what was sent to a back end has to be written down.
        self.running.refreshes.finish().await;
        let jobs = self.running.jobs.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(jobs) = jobs {
            jobs.stop().await;
        }
        if let Some(sqlite) = self.running.sqlite.clone()
            && let Err(error) = tokio::task::spawn_blocking(move || sqlite.close()).await
        {
            tracing::error!(%error, "the database was not closed well");
        }
    }
}

impl FromRef<Keyward> for Auth {
    fn from_ref(keyward: &Keyward) -> Self {
        keyward.auth()
    }
}
