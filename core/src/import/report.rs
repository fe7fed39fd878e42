use std::fmt;

/// What did not come as it was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub findings: Vec<Finding>,
}

/// One thing of one record, for the operator. It never shows a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// As "provider `main`".
    pub record: String,
    /// What it is and what became of it.
    pub text: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.record, self.text)
    }
}

/// Notes what is found of one record.
pub(super) struct Notes<'a> {
    report: &'a mut Report,
    record: String,
    /// Whether it cannot work as it did, and is switched off.
    pub(super) is_off: bool,
}

impl Report {
    pub(super) fn of(&mut self, record: impl Into<String>) -> Notes<'_> {
        Notes { report: self, record: record.into(), is_off: false }
    }
}

impl Notes<'_> {
    /// It was changed, and works as before.
    pub(super) fn note(&mut self, text: impl Into<String>) {
        self.report.findings.push(Finding { record: self.record.clone(), text: text.into() });
    }

    /// It would not work as it did: it is switched off.
    pub(super) fn off(&mut self, text: impl fmt::Display) {
        self.is_off = true;
        self.note(format!("{text}; it is switched off"));
    }

    /// It stays behind.
    pub(super) fn left(&mut self, text: impl fmt::Display) {
        self.note(format!("{text}; it stays behind"));
    }
}
