use super::merge::{Merged, merge};
use super::report::Report;
use super::row::Tables;
use crate::config::Config;
use crate::config::file::{Export, export_with_secrets};
use crate::config::validate::client_key_text;
use crate::platform::Timestamp;

/// The original's configuration as a file that takes it elsewhere, with every secret in it, and what is not as it was.
pub fn export(tables: &Tables, now: Timestamp) -> (Export, Report) {
    let mut config = Config::default();
    let Merged { mut report, key_texts, .. } = merge(tables, &mut config, now);
    config.keys.retain(|key| {
        let fits = key_texts.get(&key.id).is_some_and(|text| client_key_text(text.reveal()).is_ok());
        if !fits {
            report.of(format!("key `{}`", key.name)).left("a file takes no such text");
        }
        fits
    });
    (export_with_secrets(&config, &key_texts), report)
}
