//! What happens in the background: following the endings, sweeping, giving memory back.

use std::{future::Future, sync::Arc, time::Duration};

use keyward_core::{
    engine::Engine,
    port::{Random, StoreError},
};
use tokio::{sync::watch, task::JoinHandle, time::sleep};

use crate::{hasher::Argon2Hasher, limits::Limits};

/// How old what a process knows of ended sessions may be (invariant 11).
const FOLLOW: Duration = Duration::from_secs(1);
/// Expired rows are refused in any case; they only take up room until then.
const SWEEP: Duration = Duration::from_secs(10 * 60);
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
    ) -> Self {
        let (running, stop) = watch::channel(());
        let follow = {
            let engine = Arc::clone(engine);
            repeat(
                "following ended sessions",
                stop.clone(),
                || FOLLOW,
                move || {
                    let engine = Arc::clone(&engine);
                    async move { engine.follow_endings().await }
                },
            )
        };
        let sweep = {
            let (engine, random) = (Arc::clone(engine), Arc::clone(random));
            let pause = move || spread(SWEEP, random.as_ref());
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
            stop,
            || TRIM,
            move || {
                hasher.trim();
                limits.trim();
                async { Ok(()) }
            },
        );
        Self { running, tasks: vec![tokio::spawn(follow), tokio::spawn(sweep), tokio::spawn(trim)] }
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

/// Runs `job` again and again, `pause` apart, until nobody holds the other end of `stop`. A run that fails is
/// tried again at the next turn; the log hears of the first of a row and of the end of it.
async fn repeat<F>(
    name: &'static str,
    mut stop: watch::Receiver<()>,
    pause: impl Fn() -> Duration,
    job: impl Fn() -> F,
) where
    F: Future<Output = Result<(), StoreError>>,
{
    let mut failing = false;
    loop {
        tokio::select! {
            // Nothing is ever sent: this is the end of the sender.
            _ = stop.changed() => return,
            () = sleep(pause()) => {}
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

/// `span`, a fifth more or less: processes started together do not sweep together.
fn spread(span: Duration, random: &dyn Random) -> Duration {
    let mut byte = [0];
    random.fill(&mut byte);
    span.mul_f64(0.8 + 0.4 * f64::from(byte[0]) / 255.0)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use keyward_testkit::SeededRandom;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_job_that_fails_is_tried_again_and_ends_when_told_to() {
        let runs = Arc::new(AtomicUsize::new(0));
        let (running, stop) = watch::channel(());
        let counted = Arc::clone(&runs);
        let task = tokio::spawn(repeat(
            "a test",
            stop,
            || Duration::from_secs(1),
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

    #[test]
    fn pauses_are_spread_by_a_fifth() {
        let random = SeededRandom::default();
        let pauses: Vec<_> = (0..100).map(|_| spread(Duration::from_secs(100), &random).as_secs()).collect();
        assert!(pauses.iter().all(|pause| (80..=120).contains(pause)), "{pauses:?}");
        assert!(pauses.iter().any(|pause| *pause < 90) && pauses.iter().any(|pause| *pause > 110));
    }
}
