use llmio_core::config::file::{Absent, check, export, parse};

/// Whatever a configuration file holds, it is understood or refused with a reason; and what was understood can be exported,
/// and is the same when it is read again.
pub fn config(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    match check(&text, &variable) {
        Ok(findings) => {
            let exported = export(&findings.config).to_yaml();
            assert!(parse(&exported, &variable).is_ok(), "an export cannot be read:\n{exported}");
            if let Ok(again) = check(&exported, &variable) {
                assert_eq!(export(&again.config).to_yaml(), exported);
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

fn variable(name: &str) -> Result<String, Absent> {
    match name.as_bytes().first() {
        Some(b'A'..=b'M') => Ok(format!("value of {name}")),
        Some(b'N'..=b'Z') => Err(Absent::NotSet),
        _ => Err(Absent::NotAllowed),
    }
}
