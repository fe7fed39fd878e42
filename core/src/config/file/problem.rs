use std::fmt;

/// Something in a configuration file that is wrong, or worth a second look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// From 1, where known.
    pub line: Option<u64>,
    /// As `models[0].associations[1].provider`; empty for the file as a whole.
    pub place: String,
    pub message: String,
}

impl Problem {
    pub(super) fn new(line: u64, place: impl Into<String>, message: impl Into<String>) -> Self {
        Self { line: Some(line).filter(|line| *line > 0), place: place.into(), message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        if !self.place.is_empty() {
            write!(f, "{} ", self.place)?;
        }
        f.write_str(&self.message)
    }
}

/// A file that cannot be used, with everything that is wrong with it. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileError {
    pub problems: Vec<Problem>,
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            write!(f, "{}{problem}", if index == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

impl std::error::Error for FileError {}

impl From<Problem> for FileError {
    fn from(problem: Problem) -> Self {
        Self { problems: vec![problem] }
    }
}
