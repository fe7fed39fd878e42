/// A URL below a provider's base. Base, path and the client's query may each have a query of their own, in this order.
pub(crate) fn join(base_url: &str, path: &str, query: Option<&str>) -> String {
    let (base, base_query) = halves(base_url);
    let (path, path_query) = halves(path);
    let mut url = String::with_capacity(base_url.len() + path.len() + 32);
    url.push_str(base);
    url.push_str(path);
    let mut mark = '?';
    for query in [base_query, path_query, query].into_iter().flatten().filter(|query| !query.is_empty()) {
        url.push(mark);
        url.push_str(query);
        mark = '&';
    }
    url
}

fn halves(url: &str) -> (&str, Option<&str>) {
    url.split_once('?').map_or((url, None), |(before, query)| (before, Some(query)))
}
