//! The builds that the last parts start from, side by side: for a minute the release build does nothing but link, on one
//! processor, and the fuzz targets have much to compile.

use crate::part::Outcome;
use crate::run::side_by_side;
use crate::workspace::Workspace;
use crate::{Result, dist, fuzz};

/// Builds the release and the fuzz targets, as a part of a test run. `dist` and `fuzz` build what they need by themselves
/// where they run alone.
pub(crate) fn part(workspace: &Workspace, _: Option<&str>) -> Result<Outcome> {
    fuzz::prepare(workspace)?;
    let builds: [fn(&Workspace) -> Result; 2] = [dist::build, |workspace| fuzz::build(workspace).map(drop)];
    let built = side_by_side(&builds, |build| build(workspace));
    let faults: Vec<String> =
        built.into_iter().filter_map(Result::err).map(|fault| fault.to_string()).collect();
    Ok(Outcome::of_check(faults.is_empty(), faults.join("\n")))
}
