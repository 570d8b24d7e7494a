//! What is made of the release, and the fuzz targets, side by side: for its last minutes the release build does nothing
//! but link, on one processor, and on the other the targets run. The builds give way to the tests of the part beside
//! them, which spend much of their time waiting.

use crate::part::{Outcome, Run};
use crate::run::side_by_side;
use crate::workspace::Workspace;
use crate::{Result, dist, fuzz};

/// `dist` and `fuzz` as one part of a test run.
pub(crate) fn part(workspace: &Workspace, filter: Option<&str>) -> Result<Outcome> {
    let both: [Run; 2] = [dist::part, fuzz::part_beside_another];
    let outcomes = side_by_side(both.len(), &both, |part| part(workspace, filter));
    let could_not = |fault| Outcome::of_check(false, format!("could not run: {fault}\n"));
    Ok(outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(could_not)).sum())
}
