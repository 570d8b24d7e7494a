//! Why a Keyward can't be built: every mistake, named, with its remedy.

use std::fmt;

/// What is wrong with the settings, all of it at once.
#[derive(Debug, thiserror::Error)]
#[error("{}", list(.mistakes))]
pub struct BuildError {
    mistakes: Vec<Mistake>,
}

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Which setting, as `keyward.toml` names it: `secret`, `providers[1].id`. Providers count in the order in
    /// which the builder was given them, without Keyward's own accounts.
    pub field: String,
    /// What is wrong with it. Holds no secret.
    pub problem: String,
    /// What to do.
    pub remedy: String,
}

impl BuildError {
    /// Every mistake that was found; at least one.
    #[must_use]
    pub fn mistakes(&self) -> &[Mistake] {
        &self.mistakes
    }

    /// `Err` with the mistakes, if there are any.
    pub(crate) fn unless_none(mistakes: Vec<Mistake>) -> Result<(), Self> {
        if mistakes.is_empty() { Ok(()) } else { Err(Self { mistakes }) }
    }
}

impl Mistake {
    pub(crate) fn new(
        field: impl Into<String>,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { field: field.into(), problem: problem.into(), remedy: remedy.into() }
    }
}

impl From<Mistake> for BuildError {
    fn from(mistake: Mistake) -> Self {
        Self { mistakes: vec![mistake] }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.field, self.problem, self.remedy)
    }
}

fn list(mistakes: &[Mistake]) -> String {
    mistakes.iter().map(Mistake::to_string).collect::<Vec<_>>().join("\n")
}
