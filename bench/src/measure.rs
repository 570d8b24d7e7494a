//! Rounds: the contenders take turns, and each round gives every one of them a figure.

use std::time::Duration;

use crate::{Result, load::Closed, process, server::Server};

/// How often the contenders take turns; the median of the rounds counts.
pub(crate) const ROUNDS: usize = 5;

/// What one server did in one round.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figures {
    /// Answers per second of processor time.
    pub(crate) per_cpu: f64,
    /// Answers per second by the clock.
    pub(crate) per_second: f64,
}

/// A server and what is asked of it: one connection for each request.
pub(crate) struct Contender<'a> {
    pub(crate) server: &'a Server,
    pub(crate) requests: &'a [Vec<u8>],
}

/// Lets the contenders take turns, each for `span` a round, and gives the rounds of each.
pub(crate) fn take_turns(contenders: &[Contender<'_>], span: Duration) -> Result<Vec<Vec<Figures>>> {
    let mut rounds = vec![Vec::new(); contenders.len()];
    for _ in 0..ROUNDS {
        for (contender, figures) in contenders.iter().zip(&mut rounds) {
            figures
                .push(turn(contender, span).map_err(|fault| format!("{}: {fault}", contender.server.name))?);
        }
    }
    Ok(rounds)
}

/// The middle one of the rounds, by a figure of theirs.
pub(crate) fn median(figures: impl IntoIterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.into_iter().collect();
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The middle one of what each round says of two contenders, and the lowest and the highest of them.
pub(crate) fn ratio(of: &[Figures], to: &[Figures]) -> (f64, f64, f64) {
    let ratios: Vec<f64> = of.iter().zip(to).map(|(of, to)| of.per_cpu / to.per_cpu).collect();
    let lowest = ratios.iter().copied().fold(f64::INFINITY, f64::min);
    let highest = ratios.iter().copied().fold(0.0, f64::max);
    (median(ratios), lowest, highest)
}

fn turn(contender: &Contender<'_>, span: Duration) -> Result<Figures> {
    let process = contender.server.process();
    let mut load = Closed::open(contender.server.address, contender.requests, 200)?;
    load.run(span / 5)?;
    let before = process::cpu(process)?;
    let taken = load.run(span)?;
    let used = process::cpu(process)?.saturating_sub(before);
    let answers = f64::from(taken.answers);
    Ok(Figures { per_cpu: answers / used.as_secs_f64(), per_second: answers / taken.span.as_secs_f64() })
}

/// Keeps a server busy for `span`, for nothing.
pub(crate) fn warm_up(contender: &Contender<'_>, span: Duration) -> Result {
    Closed::open(contender.server.address, contender.requests, 200)?.run(span).map(drop)
}
