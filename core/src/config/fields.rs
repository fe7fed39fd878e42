//! What can be set of an association and of a key: one list each, out of which come the structs of the API and of the
//! file, the columns, and what a comparison looks at. A new field is one line here and one in the record.
//!
//! The lists are pasted into the structs. `serde(flatten)` would lose the lines and paths of what is wrong, and let
//! unknown fields pass.
//!
//! Not in the lists are names, references and texts that may hold secrets or variables: the API and the file have them
//! in different forms.

/// A line's `[skip_serializing_if = …]` is for the file, which leaves out what the API shows as null or empty.
macro_rules! association_fields {
    ($use:ident! { $($with:tt)* }) => {
        $use! {
            { $($with)* }
            #[serde(default = "crate::config::defaults::weight")]
            #[schemars(range(min = 1, max = 10_000))]
            weight: u32,
            /// Higher ones are asked first; lower ones when all of the higher ones fail or rest.
            #[serde(default)]
            #[schemars(range(min = -1000, max = 1000))]
            priority: i32,
            #[serde(default = "crate::config::defaults::yes")]
            tool_call: bool,
            #[serde(default = "crate::config::defaults::yes")]
            structured_output: bool,
            #[serde(default = "crate::config::defaults::yes")]
            image: bool,
            /// Whether it takes no part where the request would have to be translated into another dialect.
            #[serde(default)]
            relay_only: bool,
            /// The most tokens of a request that the provider takes with this model. What an estimate puts beyond it goes to
            /// others first. Null, the default: unknown.
            #[serde(default)]
            #[schemars(range(min = 1))]
            [skip_serializing_if = "Option::is_none"]
            context_window: Option<u32>,
            /// Whether the provider is asked to stream: `auto`, as the client wants its answer, and in the other form where that
            /// is refused; `force`, always; `never`. The client gets its answer as it wants it.
            #[serde(default)]
            stream: $crate::config::StreamMode,
            /// Whether the client's own headers pass to the provider.
            #[serde(default)]
            with_header: bool,
            /// Dotted path to value, merged into the request's body.
            #[serde(default)]
            [skip_serializing_if = "serde_json::Map::is_empty"]
            extra_body: serde_json::Map<String, serde_json::Value>,
            /// Per million tokens. Null, the default: costs are not counted.
            #[serde(default)]
            [skip_serializing_if = "Option::is_none"]
            prices: Option<$crate::config::Prices>,
            #[serde(default = "crate::config::defaults::yes")]
            enabled: bool,
        }
    };
}

macro_rules! key_fields {
    ($use:ident! { $($with:tt)* }) => {
        $use! {
            { $($with)* }
            /// RFC 3339. Null, the default: never.
            #[serde(default)]
            [skip_serializing_if = "Option::is_none"]
            expires_at: Option<$crate::platform::Timestamp>,
            /// Whether bodies of requests and answers are recorded.
            #[serde(default)]
            log_io: bool,
            /// Whether its requests are refused rather than translated with losses.
            #[serde(default)]
            strict: bool,
            #[serde(default = "crate::config::defaults::yes")]
            enabled: bool,
        }
    };
}

/// A struct of its own fields and a list's.
macro_rules! with_fields {
    (
        { $(#[$on:meta])* $vis:vis struct $name:ident { $($own:tt)* } }
        $($(#[$attr:meta])* $([$absent:meta])? $field:ident: $type:ty,)*
    ) => {
        $(#[$on])*
        $vis struct $name { $($own)* $($(#[$attr])* $vis $field: $type,)* }
    };
}

/// The same for the file.
macro_rules! with_fields_in_file {
    (
        { $(#[$on:meta])* $vis:vis struct $name:ident { $($own:tt)* } }
        $($(#[$attr:meta])* $([$absent:meta])? $field:ident: $type:ty,)*
    ) => {
        $(#[$on])*
        $vis struct $name { $($own)* $($(#[$attr])* $(#[serde($absent)])? $vis $field: $type,)* }
    };
}

/// A value of its own fields, and of what `$make` makes for each of a list's.
macro_rules! filled {
    (
        { $name:ident { $($own:tt)* } by $make:ident! $from:tt }
        $($(#[$attr:meta])* $([$absent:meta])? $field:ident: $type:ty,)*
    ) => {
        $name { $($own)* $($field: $make!($from $field),)* }
    };
}

/// What `$make` makes for each field of a list.
macro_rules! each {
    (
        { $make:ident! $from:tt }
        $($(#[$attr:meta])* $([$absent:meta])? $field:ident: $type:ty,)*
    ) => {
        [$($make!($from $field)),*]
    };
}

/// For [`filled`]: as it is in another value.
macro_rules! copied {
    (($from:ident) $field:ident) => {
        Clone::clone(&$from.$field)
    };
}

pub(crate) use {association_fields, copied, each, filled, key_fields, with_fields, with_fields_in_file};
