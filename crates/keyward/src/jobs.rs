//! What happens in the background: following changes of sessions, keeping signing keys, delivering events, sweeping, giving memory back.

use std::{future::Future, sync::Arc, time::Duration};

use keyward_core::{
    engine::Engine,
    port::{Random, StoreError},
};
use tokio::{sync::watch, task::JoinHandle, time::sleep};

use crate::{
    events::{Deliveries, spread},
    hasher::Argon2Hasher,
    limits::Limits,
    post::PostOffice,
};

/// What a process knows of ended and changed sessions is at most a second old (invariant 11), a slow read included.
const FOLLOW: Duration = Duration::from_millis(500);
/// Expired rows are refused in any case; they only take up room until then.
const SWEEP: Duration = Duration::from_secs(10 * 60);
/// Well within the time that a key is published before it signs.
const KEYS: Duration = Duration::from_secs(30);
/// Memory that nobody used for this long is given back.
const TRIM: Duration = Duration::from_secs(60);

/// The running jobs. Dropping them ends them at their next pause.
#[derive(Debug)]
pub(crate) struct Jobs {
    running: watch::Sender<()>,
    tasks: Vec<JoinHandle<()>>,
}

impl Jobs {
    /// Starts all of them on the current runtime.
    pub(crate) fn start(
        engine: &Arc<Engine>,
        random: &Arc<dyn Random>,
        hasher: Arc<Argon2Hasher>,
        limits: Arc<Limits>,
        deliveries: Option<Arc<Deliveries>>,
        post: Option<Arc<PostOffice>>,
    ) -> Self {
        let (running, stop) = watch::channel(());
        let follow = {
            let engine = Arc::clone(engine);
            repeat(
                "following changes of sessions",
                stop.clone(),
                || sleep(FOLLOW),
                move || {
                    let engine = Arc::clone(&engine);
                    async move { engine.follow_changes().await }
                },
            )
        };
        let sweep = {
            let (engine, random) = (Arc::clone(engine), Arc::clone(random));
            let pause = move || sleep(spread(SWEEP, random.as_ref()));
            repeat("sweeping expired rows", stop.clone(), pause, move || {
                let engine = Arc::clone(&engine);
                async move {
                    let rows = engine.sweep().await?;
                    tracing::debug!(rows, "expired rows swept");
                    Ok(())
                }
            })
        };
        let trim = repeat(
            "giving memory back",
            stop.clone(),
            || sleep(TRIM),
            move || {
                hasher.trim();
                limits.trim();
                async { Ok(()) }
            },
        );
        let keys = {
            let engine = Arc::clone(engine);
            repeat(
                "keeping signing keys",
                stop.clone(),
                || sleep(KEYS),
                move || {
                    let engine = Arc::clone(&engine);
                    async move { engine.maintain_keys().await }
                },
            )
        };
        let mut tasks =
            vec![tokio::spawn(follow), tokio::spawn(sweep), tokio::spawn(trim), tokio::spawn(keys)];
        tasks.extend(post.map(|post| {
            let waiting = Arc::clone(&post);
            let wait = move || Arc::clone(&waiting).wait();
            let stop = stop.clone();
            tokio::spawn(repeat("sending mails", stop, wait, move || Arc::clone(&post).turn()))
        }));
        tasks.extend(deliveries.map(|deliveries| {
            let waiting = Arc::clone(&deliveries);
            let wait = move || Arc::clone(&waiting).wait();
            tokio::spawn(repeat("delivering events", stop, wait, move || Arc::clone(&deliveries).turn()))
        }));
        Self { running, tasks }
    }

    /// Ends them all; what is running ends first.
    pub(crate) async fn stop(self) {
        drop(self.running);
        for task in self.tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "a background job ended badly");
            }
        }
    }
}

/// Runs `job` again and again, after each `pause`, until nobody holds the other end of `stop`. A run that fails is
/// tried again at the next turn; the log hears of the first of a row and of the end of it.
async fn repeat<P, F>(
    name: &'static str,
    mut stop: watch::Receiver<()>,
    pause: impl Fn() -> P,
    job: impl Fn() -> F,
) where
    P: Future<Output = ()>,
    F: Future<Output = Result<(), StoreError>>,
{
    let mut failing = false;
    loop {
        tokio::select! {
            biased;
            // Nothing is ever sent: this is the end of the sender.
            _ = stop.changed() => return,
            () = pause() => {}
        }
        let outcome = job().await;
        match &outcome {
            Ok(()) if failing => tracing::info!(job = name, "a background job works again"),
            Err(error) if !failing => {
                tracing::warn!(job = name, %error, "a background job failed; it is tried again");
            }
            Ok(()) | Err(_) => {}
        }
        failing = outcome.is_err();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_job_that_fails_is_tried_again_and_ends_when_told_to() {
        let runs = Arc::new(AtomicUsize::new(0));
        let (running, stop) = watch::channel(());
        let counted = Arc::clone(&runs);
        let task = tokio::spawn(repeat(
            "a test",
            stop,
            || sleep(Duration::from_secs(1)),
            move || {
                let run = counted.fetch_add(1, Ordering::Relaxed);
                async move { if run.is_multiple_of(2) { Err(StoreError("away".to_owned())) } else { Ok(()) } }
            },
        ));
        sleep(Duration::from_millis(10_500)).await;
        assert_eq!(runs.load(Ordering::Relaxed), 10);
        drop(running);
        task.await.expect("it ends");
        assert_eq!(runs.load(Ordering::Relaxed), 10);
    }
}
