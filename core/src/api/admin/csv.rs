//! Tables for spreadsheets: CSV (RFC 4180) in UTF-8.

use http::StatusCode;

use super::Reply;

const CONTENT_TYPE: &str = "text/csv; charset=utf-8; header=present";

/// A table under construction.
#[derive(Debug, Default)]
pub(super) struct Csv {
    text: String,
}

impl Csv {
    pub(super) fn row<T: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = T>) {
        for (index, cell) in cells.into_iter().enumerate() {
            if index > 0 {
                self.text.push(',');
            }
            self.cell(cell.as_ref());
        }
        self.text.push_str("\r\n");
    }

    /// In bytes.
    pub(super) const fn len(&self) -> usize {
        self.text.len()
    }

    pub(super) fn into_reply(self) -> Reply {
        Reply::with_body(StatusCode::OK, CONTENT_TYPE, self.text)
    }

    /// A spreadsheet would run what begins like a formula, and these texts are other people's: an apostrophe in front makes it
    /// a text.
    fn cell(&mut self, cell: &str) {
        let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
        if !formula && !cell.contains([',', '"', '\r', '\n']) {
            self.text.push_str(cell);
            return;
        }
        self.text.push('"');
        if formula {
            self.text.push('\'');
        }
        self.text.push_str(&cell.replace('"', "\"\""));
        self.text.push('"');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_they_would_be_misread() {
        let rows = [
            ("plain", "plain"),
            ("", ""),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            ("=1+1", "\"'=1+1\""),
            ("+1", "\"'+1\""),
            ("-1", "\"'-1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("\t=1", "\"'\t=1\""),
            ("1-1", "1-1"),
        ];
        for (cell, expected) in rows {
            let mut csv = Csv::default();
            csv.row([cell, "x"]);
            assert_eq!(csv.text, format!("{expected},x\r\n"), "{cell:?}");
        }
    }
}
