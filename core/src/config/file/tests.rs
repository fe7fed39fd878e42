use serde_json::json;

use super::*;

/// The example of the documentation, with every field.
const EXAMPLE: &str = include_str!("../../../../docs/llmio.example.yaml");

fn env(name: &str) -> Result<String, Absent> {
    match name {
        "OPENAI_API_KEY" => Ok("sk-canary-openai-0123456789".into()),
        "TEAM_A_API_KEY" => Ok("sk-llmio-canary-team".into()),
        "EMPTY" => Ok(String::new()),
        "HIGH" => Ok("high".into()),
        _ => Err(Absent::NotSet),
    }
}

/// `UPDATE=1` rewrites the file.
#[test]
fn the_published_schema_is_current() {
    let schema = serde_json::Value::from(schemars::schema_for!(super::document::ConfigFile));
    crate::testing::current_file(
        concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/config.schema.json"),
        &format!("{}\n", serde_json::to_string_pretty(&schema).unwrap()),
    );
}

#[test]
fn the_example_is_sound() {
    let findings = check(EXAMPLE, &env).unwrap();
    assert_eq!(findings.warnings, []);
    let config = findings.config;
    assert_eq!(config.providers[0].api_key.reveal(), "sk-canary-openai-0123456789");
    assert_eq!(config.models[0].associations[0].weight, 10);
    assert_eq!(config.keys[0].prefix, "sk-llm");
    assert_eq!(config.settings.log_retention_days, 30);
}

#[test]
fn json_is_yaml() {
    let text = "{\n\t\"providers\": [\n\t\t{\"name\": \"a\", \"type\": \"openai\", \"api_key\": \"${OPENAI_API_KEY}\"}\n\t]\n}";
    let config = check(text, &env).unwrap().config;
    assert_eq!(config.providers[0].base_url, "https://api.openai.com/v1");
    assert_eq!(config.providers[0].api_key.reveal(), "sk-canary-openai-0123456789");
}

#[test]
fn defaults() {
    let text = "
providers: [{name: p, type: gemini}]
models: [{name: 4.1, associations: [{provider: p, model: no}]}]
keys: [{name: k, key: 12345678}]
";
    let config = check(text, &env).unwrap().config;
    let model = &config.models[0];
    assert_eq!((model.name.as_str(), model.max_retry, model.timeouts.total, model.breaker), ("4.1", 3, None, true));
    let association = &model.associations[0];
    assert_eq!((association.provider_model.as_str(), association.weight, association.enabled), ("no", 1, true));
    assert_eq!(association.capabilities(), crate::config::Capabilities::ALL);
    assert_eq!((association.prices.as_ref(), association.with_header), (None, false));
    assert!(config.keys[0].models.is_none() && config.keys[0].enabled && !config.keys[0].log_io);
    assert!(check("", &env).unwrap().config.models.is_empty());
}

#[test]
fn variables_are_read_in_texts_only() {
    let text = "
providers: [{name: p, type: openai, error_matcher: '$${HIGH}'}]
models:
  - name: m
    associations:
      - provider: p
        model: x-${HIGH}
        headers: {x-a: '${HIGH}'}
        extra_body: {reasoning.effort: '${HIGH}', list: [{a: '<${HIGH}>'}], n: 3}
# ${NOWHERE}
";
    let config = check(text, &env).unwrap().config;
    let association = &config.models[0].associations[0];
    assert_eq!(config.providers[0].error_matcher, ["${HIGH}"]);
    assert_eq!(association.provider_model, "x-high");
    assert_eq!(association.headers, [("x-a".to_owned(), "high".to_owned())]);
    assert_eq!(
        serde_json::Value::from(association.extra_body.clone()),
        json!({"reasoning.effort": "high", "list": [{"a": "<high>"}], "n": 3})
    );
}

/// Each file is refused, with these problems, and never repeats a secret.
#[test]
fn what_is_refused() {
    let rows: [(&str, &[&str]); 47] = [
        ("providers:\n  - name: a\n    type: openai\n    colour: red\n", &["line 4: unknown field `colour`"]),
        ("provider: []\n", &["line 1: unknown field `provider`"]),
        ("providers: [\n", &["line "]),
        ("providers:\n  - {name: a, type: azure}\n", &["line 2: unknown variant `azure`"]),
        ("providers:\n  - {type: openai}\n", &["line 2: missing field `name`"]),
        (
            "providers:\n  - {name: a, type: openai}\n  - {name: a, type: openai}\n",
            &["line 3: providers[1].name is there twice: `a` is also on line 2"],
        ),
        (
            "providers:\n  - {name: a, type: openai,\n     api_key: '${NO}', proxy: '${NO2}'}\n",
            &[
                "line 3: providers[0].api_key needs the environment variable NO,",
                "line 3: providers[0].proxy needs the environment variable NO2,",
            ],
        ),
        ("providers:\n  - {name: a, type: openai, api_key: '${EMPTY}'}\n", &["line 2: providers[0].api_key is empty"]),
        ("providers:\n  - {name: a, type: openai, api_key: '${x'}\n", &["write `$${`"]),
        ("providers:\n  - {name: a, type: openai, version: '1'}\n", &["line 2: providers[0].version is only for"]),
        (
            "providers:\n  - name: a\n    type: openai\n    also:\n      - {type: openai, base_url: 'https://a'}\n",
            &["line 5: providers[0].also.0.type must be another type"],
        ),
        (
            "providers:\n  - name: a\n    type: openai\n    also: [{type: gemini, base_url: '${NO}'}]\n",
            &["line 4: providers[0].also[0].base_url needs the environment variable NO,"],
        ),
        (
            "providers:\n  - name: a\n    type: openai\n    base_url: canary.example\n",
            &["line 4: providers[0].base_url must begin with"],
        ),
        (
            "providers: []\nmodels:\n  - name: m\n    associations:\n      - provider: x\n        model: y\n",
            &["line 5: models[0].associations[0].provider names no provider: there is no `x`"],
        ),
        (
            "models:\n  - name: m\n    associations:\n      - {provider: x, model: y, weight: 0}\n",
            &["line 4: models[0].associations[0].weight must be from 1"],
        ),
        (
            "models:\n  - name: m\n    associations:\n      - {provider: x, model: 'a*'}\n",
            &["line 4: models[0].associations[0].model must be the provider's name"],
        ),
        (
            "models:\n  - name: m\n    associations:\n      - provider: x\n        model: y\n        headers:\n          content-length: canary\n",
            &["line 7: models[0].associations[0].headers.content-length must not be set"],
        ),
        (
            "models:\n  - name: m\n    associations:\n      - {provider: x, model: y, extra_body: {model: z}}\n",
            &["models[0].associations[0].extra_body must not set `model`"],
        ),
        (
            "models:\n  - {name: 'a b'}\n  - {name: c, time_out: 0}\n  - {name: d, strategy: random}\n",
            &["line 4: unknown variant `random`"],
        ),
        (
            "models:\n  - {name: 'a b'}\n  - {name: c, time_out: 0}\n",
            &["line 2: models[0].name must not hold spaces", "line 3: models[1].time_out must be seconds"],
        ),
        ("keys:\n  - {name: k, key: 'canary with spaces'}\n", &["line 2: keys[0].key must be 8 to 200 visible"]),
        (
            "keys:\n  - {name: k, key: canary-same}\n  - {name: l, key: canary-same}\n",
            &["key `l` `key` must be unique"],
        ),
        ("settings: {log_retention_days: -1}\n", &["line 1: expected a whole number from 0 to 4294967295"]),
        ("models:\n  - name: m\n    time_out: canary\n", &["line 3: expected a number"]),
        ("models:\n  - name: m\n    breaker: canary\n", &["line 3: expected true or false"]),
        ("models:\n  - name: m\n    associations: canary\n", &["line 3: expected a list"]),
        (
            "models:\n  - name: m\n    associations:\n      - provider: x\n        model: y\n        image: canary\n",
            &["line 6: expected true or false"],
        ),
        (
            "models:\n  - name: m\n    associations:\n      - provider: x\n        colour: canary\n        model: y\n",
            &["line 5: unknown field `colour`"],
        ),
        ("keys:\n  - name: k\n    log_io: canary\n", &["line 3: expected true or false"]),
        ("keys:\n  - name: k\n    colour: canary\n", &["line 3: unknown field `colour`"]),
        ("models:\n  - canary\n", &["line 2: expected a mapping"]),
        ("providers:\n  - name: [canary]\n", &["line 2: expected a single value, not a list"]),
        ("providers:\n  - name: {a: canary}\n", &["line 2: expected a single value, not a mapping"]),
        ("providers:\n  - name: ~\n", &["line 2: expected a text"]),
        ("providers:\n  - [name]: canary\n", &["line 2: a name must be a text"]),
        ("keys:\n  - name: k\n    expires_at: canary\n", &["line 3: must be a time with its zone"]),
        ("providers:\n  - name: a\n    'name': canary\n", &["line 3: `name` is there twice"]),
        ("providers: []\nproviders: []\n", &["line 2: `providers` is there twice"]),
        (
            "providers:\n  - &a {name: a, type: openai}\n  - <<: *a\n    colour: x\n",
            &["line 4: unknown field `colour`"],
        ),
        ("models: &m\n  - name: m\n    associations: *m\n", &["line 3: an alias stands for what contains it"]),
        ("models:\n  - {name: &n canary}\n  - {name: m,\n     associations: *n}\n", &["line 4: expected a list"]),
        ("models:\n  - <<: canary\n", &["line 2: `<<` must be a mapping or a sequence of mappings"]),
        ("models:\n  - name: *canari\n", &["line 2: while parsing node, found unknown anchor"]),
        ("models:\n  - name: !!binary Y2FuYXJ5\n", &["line 2: `!!binary` is not for a configuration: write a text"]),
        ("models: []\n---\nkeys: []\n", &["line 3: a second document begins: a configuration is one"]),
        ("models:\n  - name: \"canary\n", &["line 2: unclosed quote"]),
        ("models:\n  - name: a: canary\n", &["line 2: mapping values are not allowed in this context"]),
    ];
    for (text, expected) in rows {
        let error = check(text, &env).unwrap_err();
        let shown = error.to_string();
        for part in expected {
            assert!(shown.contains(part), "{text}\n=> {shown}");
        }
        assert_eq!(error.problems.len(), expected.len(), "{shown}");
        assert!(!format!("{shown} {error:?}").contains("canary"), "{shown}");
    }
    let misplaced =
        "models:\n  - name: m\n    associations:\n      - {provider: x, model: y, headers: Bearer canary}\n";
    assert!(!check(misplaced, &env).unwrap_err().to_string().contains("canary"));
}

#[test]
fn what_is_worth_a_second_look() {
    let text = "
providers: [{name: p, type: openai}, {name: idle, type: openai}]
models:
  - {name: bare}
  - {name: dark, associations: [{provider: p, model: x, enabled: false}]}
  - {name: 'gpt-*', associations: [{provider: p, model: '*'}, {provider: p, model: '*'}]}
  - {name: 'gpt-**', associations: [{provider: p, model: '*'}]}
keys: [{name: k, models: [gpt-5, 'da*', claude-5]}]
";
    let shown: Vec<String> = check(text, &env).unwrap().warnings.iter().map(|warning| warning.to_string()).collect();
    let expected = [
        "models[0] `bare` has no associations",
        "models[1] `dark` has only associations that are not enabled",
        "models[2] `gpt-*` is never reached: `gpt-**`",
        "models[2] associations[1] serves the same",
        "providers[1] `idle` serves no model",
        "keys[0].models of `k` names no model: `claude-5`",
    ];
    assert_eq!(shown.len(), expected.len(), "{shown:#?}");
    for (shown, expected) in shown.iter().zip(expected) {
        assert!(shown.starts_with(expected), "{shown}");
    }
}

#[test]
fn an_export_has_no_secrets_and_reads_back() {
    let mut config = check(EXAMPLE, &env).unwrap().config;
    config.providers[0].proxy = Some(crate::config::Secret::new("http://user:canary@localhost:1"));
    config.providers[0].error_matcher = vec!["${literal}".into(), r"two\; #lines；".into()];
    let headers = [("authorization", "Bearer canary"), ("x-title", "${a}: yes")];
    config.models[0].associations[0].headers = headers.map(|(name, value)| (name.into(), value.into())).into();
    let exported = export(&config);
    let yaml = exported.to_yaml();
    assert!(!yaml.contains("canary"), "{yaml}");
    assert!(!exported.to_json().to_string().contains("canary"));
    assert_eq!(exported.variables().collect::<Vec<_>>(), ["MAIN_API_KEY", "MAIN_PROXY", "MAIN_GPT_5_AUTHORIZATION"]);

    let values = |name: &str| match name {
        "MAIN_API_KEY" => Ok(config.providers[0].api_key.reveal().to_owned()),
        "MAIN_PROXY" => Ok("http://user:canary@localhost:1".into()),
        "MAIN_GPT_5_AUTHORIZATION" => Ok("Bearer canary".into()),
        _ => Err(Absent::NotSet),
    };
    for text in [yaml, exported.to_json().to_string()] {
        let again = check(&text, &values).unwrap().config;
        assert_eq!(again.providers, config.providers, "{text}");
        assert_eq!(again.models, config.models);
        assert_eq!(again.settings, config.settings);
    }
}

#[test]
fn variables_have_names_of_their_own() {
    let text = "providers: [{name: a-b, type: openai, api_key: x}, {name: a_b, type: openai, api_key: y}, {name: 1号, type: openai, api_key: z}]";
    let exported = export(&check(text, &env).unwrap().config);
    assert_eq!(exported.variables().collect::<Vec<_>>(), ["A_B_API_KEY", "A_B_API_KEY_2", "_1__API_KEY"]);
}

/// What a file may write for a JSON value, as in `extra_body`.
#[test]
fn yaml_values() {
    let rows = [
        ("a: 1\nb: [x, -2.5, yes, ~]", json!({"a": 1, "b": ["x", -2.5, true, null]})),
        ("{\"a\": \"\\u00e9\\ud83d\\ude00\\/\", \"b\": [1e3, null,],}", json!({"a": "é😀/", "b": [1000.0, null]})),
        ("a: 'yes'\nb: \"1\"\nc: ''\nd:", json!({"a": "yes", "b": "1", "c": "", "d": null})),
        ("a: 18446744073709551615\nb: -9223372036854775808", json!({"a": u64::MAX, "b": i64::MIN})),
        (
            "a: |\n  two\n  lines\nb: >-\n  one\n  line\nc: more\n  words",
            json!({"a": "two\nlines\n", "b": "one line", "c": "more words"}),
        ),
        ("1.0: a\ntrue: b\n'': c", json!({"1.0": "a", "true": "b", "": "c"})),
        ("a: &x {k: 1}\nb: *x\nc: [*x, &y 0x10, *y]", json!({"a": {"k": 1}, "b": {"k": 1}, "c": [{"k": 1}, 16, 16]})),
        ("a: &x {k: 1, l: 2}\nb: {<<: *x, l: 3}", json!({"a": {"k": 1, "l": 2}, "b": {"l": 3, "k": 1}})),
        (
            "a: &x {k: 1}\nb: &y {k: 2, z: 1}\nc: {<<: [*x, *y]}",
            json!({"a": {"k": 1}, "b": {"k": 2, "z": 1}, "c": {"k": 1, "z": 1}}),
        ),
        ("a: {<<: ~, '<<': 1}", json!({"a": {"<<": 1}})),
        (
            "a: !!str 5\nb: !!int '5'\nc: ! 5\nd: !!str ~\ne: !!null x\nf: !own 5",
            json!({"a": "5", "b": 5, "c": "5", "d": "~", "e": null, "f": 5}),
        ),
        ("{? a : 1, ? b}", json!({"a": 1, "b": null})),
    ];
    for (text, expected) in rows {
        let node = super::node::read(text).unwrap().unwrap();
        assert_eq!(super::decode::decode::<serde_json::Value>(&node).unwrap(), expected, "{text}");
    }
    for (text, expected) in
        [("a: 1e999", "line 1: expected a number that"), ("a:\n - .nan", "line 2: expected a number that")]
    {
        let node = super::node::read(text).unwrap().unwrap();
        let problem = super::decode::decode::<serde_json::Value>(&node).unwrap_err().to_string();
        assert!(problem.starts_with(expected), "{problem}");
    }
    for nothing in ["", " \n", "# only\n", "...\n"] {
        assert!(super::node::read(nothing).unwrap().is_none(), "{nothing}");
    }
}

/// A text is what was written, whatever it looks like, on the line where it begins or where its alias stands.
#[test]
fn texts_and_their_lines() {
    let text = "
providers:
  - {name: &n 1.10, type: openai,
     api_key: 0x1F}
  - &d
    name: yes
    type: openai
    api_key: |
      two
      lines
    base_url: *n
  - <<: *d
    name: 2024-01-02
";
    let mut document = parse(text, &env).unwrap().document;
    let found: Vec<_> = document.texts().into_iter().map(|(_, text)| (text.value.clone(), text.line)).collect();
    let expected = [
        ("1.10", 3),
        ("0x1F", 4),
        ("yes", 6),
        ("1.10", 11),
        ("two\nlines\n", 9),
        ("2024-01-02", 13),
        ("1.10", 12),
        ("two\nlines\n", 12),
    ];
    assert_eq!(found, expected.map(|(text, line)| (text.to_owned(), line)));
}

/// A small file never becomes a large configuration.
#[test]
fn aliases_are_bounded() {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let doubled: String = (1..20).map(|n| format!("a{n}: &a{n} [*a{0}, *a{0}]\n", n - 1)).collect();
    let long = "x".repeat(1 << 20);
    let rows = [
        (nested(64), None),
        (nested(65), Some("line 1: nested deeper than 64 levels")),
        (format!("a0: &a0 x\n{doubled}"), Some("line 16: the file is too large")),
        (format!("a: &a {long}\nb: [{}]", "*a,".repeat(70)), Some("line 2: the file is too large")),
    ];
    for (text, expected) in rows {
        let found = super::node::read(&text).err().map(|problem| problem.to_string());
        assert_eq!(found.as_deref().and_then(|problem| problem.split(": the most").next()), expected);
    }
}

/// The text of an export, to the byte.
#[test]
fn an_export_as_yaml() {
    let text = "
providers:
  - {name: main, type: openai, api_key: secret, error_matcher: \"no credit；busy\\\\; later\\nquota: 'used'\", note: \"$${x}\\nfor: people\", console_url: 'https://c/#a'}
  - {name: 'yes', type: anthropic, api_key: '', version: '2023-06-01', proxy: 'http://localhost:1', enabled: no,
     also: [{type: openai, base_url: 'https://c/$${x}/'}]}
models:
  - name: '4.1'
    strategy: round_robin
    time_out: 1.5
    idle_timeout: 86400
    associations:
      - provider: main
        model: '*'
        headers: {x-a: '${HIGH}: #', x-b: 'null', authorization: Bearer t}
        extra_body: {a: [], b: {}, c: [1, [2, {d: ~}], 0.1, 1e300, '~', ' x ', \"two\\nlines\\n\"], e: 18446744073709551615}
        prices: {input: 0.25, cache_write: 1e-7, cache_write_1h: 2}
  - {name: 'gpt-*:é', breaker: no, enabled: no, note: off}
keys:
  - {name: k, key: canary-key, models: ['4.1', 'gpt-*'], expires_at: 2030-01-02T03:04:05Z}
  - {name: '- #', key: canary-key-2, models: []}
";
    let expected = r##"# Secrets are left out: where these variables are not set, what is stored stays.
#   MAIN_API_KEY
#   MAIN_4_1_AUTHORIZATION
providers:
- name: main
  type: openai
  base_url: https://api.openai.com/v1
  api_key: ${MAIN_API_KEY}
  error_matcher: |-
    no credit
    busy\; later
    quota: 'used'
  console_url: https://c/#a
  note: |-
    $${x}
    for: people
  enabled: true
- name: "yes"
  type: anthropic
  base_url: https://api.anthropic.com/v1
  also:
  - type: openai
    base_url: https://c/$${x}
  api_key: ""
  version: "2023-06-01"
  proxy: http://localhost:1
  enabled: false
models:
- name: "4.1"
  strategy: round_robin
  max_retry: 3
  time_out: 1.5
  idle_timeout: 86400.0
  breaker: true
  affinity: true
  prefer_same_dialect: true
  strict: false
  enabled: true
  associations:
  - provider: main
    model: "*"
    headers:
      authorization: ${MAIN_4_1_AUTHORIZATION}
      x-a: "high: #"
      x-b: "null"
    weight: 1
    priority: 0
    tool_call: true
    structured_output: true
    image: true
    relay_only: false
    stream: auto
    with_header: false
    extra_body:
      a: []
      b: {}
      c:
      - 1
      - - 2
        - d: null
      - 0.1
      - 1.0e+300
      - "~"
      - " x "
      - |
        two
        lines
      e: 18446744073709551615
    prices:
      input: 0.25
      output: 0.0
      cache_read: 0.0
      cache_write: 1.0e-7
      cache_write_1h: 2.0
      currency: USD
    enabled: true
- name: gpt-*:é
  strategy: lottery
  max_retry: 3
  breaker: false
  affinity: true
  prefer_same_dialect: true
  strict: false
  note: "off"
  enabled: false
  associations: []
keys:
- name: k
  models:
  - "4.1"
  - gpt-*
  expires_at: "2030-01-02T03:04:05Z"
  log_io: false
  strict: false
  enabled: true
- name: "- #"
  models: []
  log_io: false
  strict: false
  enabled: true
settings:
  log_retention_days: 30
  keep_alive: 15
  max_rest: 3600
  counting_provider: null
  record_decisions: failed
"##;
    assert_eq!(export(&check(text, &env).unwrap().config).to_yaml(), expected);
}
