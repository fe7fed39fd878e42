/// Checks that a generated file in the repository holds `expected`; with `UPDATE=1` in the environment, writes it.
pub fn current_file(path: &str, expected: &str) {
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, expected).unwrap();
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert!(found == expected, "{path} is out of date: run the tests with UPDATE=1 and commit it");
}
