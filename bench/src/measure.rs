//! Rounds: the contenders take turns, and each round gives every one of them a figure.

use std::time::Duration;

use crate::{
    Result,
    load::{Closed, Load},
    process,
    server::Server,
};

/// How often the contenders take turns; the median of the rounds counts.
pub(crate) const ROUNDS: usize = 5;

/// What one server did in one round. A sign-in of several requests counts as one answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figures {
    /// Answers per second of processor time.
    pub(crate) per_cpu: f64,
    /// Answers per second by the clock.
    pub(crate) per_second: f64,
}

/// A server and what is asked of it.
pub(crate) struct Contender<'a> {
    pub(crate) server: &'a Server,
    /// Opens the load; for each round anew.
    load: Box<dyn Fn() -> Result<Box<dyn Load + 'a>> + 'a>,
}

impl<'a> Contender<'a> {
    pub(crate) fn new<L: Load + 'a>(server: &'a Server, load: impl Fn() -> Result<L> + 'a) -> Self {
        Self { server, load: Box::new(move || Ok(Box::new(load()?))) }
    }

    /// Is asked these requests over and over, each on a connection of its own.
    pub(crate) fn asked(server: &'a Server, requests: &'a [Vec<u8>]) -> Self {
        Self::new(server, || Closed::open(server.address, requests, 200))
    }
}

/// Lets the contenders take turns, and gives the rounds of each. In a round each of them gets `span` in all, in
/// short slices one after the other: what else goes on in the machine hits them alike.
pub(crate) fn take_turns(contenders: &[Contender<'_>], span: Duration) -> Result<Vec<Vec<Figures>>> {
    let mut rounds = vec![Vec::new(); contenders.len()];
    for _ in 0..ROUNDS {
        for (figures, rounds) in round(contenders, span)?.into_iter().zip(&mut rounds) {
            rounds.push(figures);
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

/// Long enough to warm up what the others' slice has cooled down.
const SLICE: Duration = Duration::from_millis(200);

/// What one contender has done so far in a round.
struct Turn<'a> {
    server: &'a Server,
    load: Box<dyn Load + 'a>,
    answers: f64,
    cpu: Duration,
    clock: Duration,
}

fn round(contenders: &[Contender<'_>], span: Duration) -> Result<Vec<Figures>> {
    let mut turns = contenders.iter().map(Turn::begin).collect::<Result<Vec<_>>>()?;
    for turn in &mut turns {
        turn.load.run(SLICE)?;
    }
    for _ in 0..(span.as_millis() / SLICE.as_millis()).max(1) {
        for turn in &mut turns {
            turn.slice().map_err(|fault| format!("{}: {fault}", turn.server.name))?;
        }
    }
    Ok(turns.iter().map(Turn::figures).collect())
}

impl<'a> Turn<'a> {
    fn begin(contender: &'a Contender<'_>) -> Result<Self> {
        let load = (contender.load)()?;
        let nothing = Duration::ZERO;
        Ok(Self { server: contender.server, load, answers: 0.0, cpu: nothing, clock: nothing })
    }

    fn slice(&mut self) -> Result {
        let before = process::cpu(self.server.process())?;
        let taken = self.load.run(SLICE)?;
        self.cpu += process::cpu(self.server.process())?.saturating_sub(before);
        self.answers += f64::from(taken.answers);
        self.clock += taken.span;
        Ok(())
    }

    fn figures(&self) -> Figures {
        Figures {
            per_cpu: self.answers / self.cpu.as_secs_f64(),
            per_second: self.answers / self.clock.as_secs_f64(),
        }
    }
}

/// Keeps a server busy for `span`, for nothing.
pub(crate) fn warm_up(contender: &Contender<'_>, span: Duration) -> Result {
    (contender.load)()?.run(span).map(drop)
}
