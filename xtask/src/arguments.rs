//! Command-line words, taken out one by one; what nobody took is an error.

use crate::Result;

/// The words after `cargo xtask`.
pub(crate) struct Arguments(Vec<String>);

impl Arguments {
    pub(crate) fn new(words: Vec<String>) -> Self {
        Self(words)
    }

    /// Takes the first word, if one is left.
    pub(crate) fn word(&mut self) -> Option<String> {
        (!self.0.is_empty()).then(|| self.0.remove(0))
    }

    /// Takes a switch such as `--quick`; true if it was there.
    pub(crate) fn flag(&mut self, name: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|word| word != name);
        self.0.len() != before
    }

    /// Takes every `NAME VALUE` and `NAME=VALUE` pair and gives the values, in order.
    pub(crate) fn values(&mut self, name: &str) -> Result<Vec<String>> {
        let mut values = Vec::new();
        let mut rest = Vec::new();
        let mut words = std::mem::take(&mut self.0).into_iter();
        while let Some(word) = words.next() {
            if word == name {
                values.push(words.next().ok_or_else(|| format!("{name} needs a value"))?);
            } else if let Some(value) = word.strip_prefix(name).and_then(|rest| rest.strip_prefix('=')) {
                values.push(value.to_owned());
            } else {
                rest.push(word);
            }
        }
        self.0 = rest;
        Ok(values)
    }

    /// Takes all the words that are left; an option among them is an error.
    pub(crate) fn rest(self) -> Result<Vec<String>> {
        match self.0.iter().find(|word| word.starts_with('-')) {
            Some(option) => Err(format!("there is no option `{option}`; see `cargo xtask --help`").into()),
            None => Ok(self.0),
        }
    }

    /// Gives up all the words that are left, options included, for another program to understand.
    pub(crate) fn everything(self) -> Vec<String> {
        self.0
    }

    /// Ends the reading: a word that is left is an error.
    pub(crate) fn finish(self) -> Result {
        match self.0.first() {
            Some(word) => Err(format!("`{word}` is not understood here; see `cargo xtask --help`").into()),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(line: &str) -> Arguments {
        Arguments::new(line.split_whitespace().map(str::to_owned).collect())
    }

    #[test]
    fn options_are_taken_wherever_they_stand() {
        let mut arguments = arguments("name --part rust --quick --part=node");
        assert!(arguments.flag("--quick"));
        assert!(!arguments.flag("--quick"));
        assert_eq!(arguments.values("--part").unwrap(), ["rust", "node"]);
        assert_eq!(arguments.word().as_deref(), Some("name"));
        assert!(arguments.finish().is_ok());
    }

    #[test]
    fn an_unknown_option_or_word_is_refused() {
        assert!(arguments("--fast").rest().is_err());
        assert!(arguments("word").finish().is_err());
        assert!(arguments("--part").values("--part").is_err());
    }
}
