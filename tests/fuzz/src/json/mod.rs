mod chunked;
mod reference;
mod scanner;
mod splice;

/// JSON in every form that the gateway reads it, against `serde_json`.
pub fn json(data: &[u8]) {
    scanner::check(data);
    splice::check(data);
    chunked::check_capture(data);
    chunked::check_elements(data);
}
