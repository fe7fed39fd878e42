/// What an error says of the provider's side, whatever its status: some providers answer with 400 to all of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trouble {
    /// The account is out of money or at a limit that only its owner can raise: asking again is useless.
    Billing,
    /// The key, account or place from which it is asked is refused.
    Account,
    /// State that only its maker can read, or has stored, was brought by the client: another may have made it.
    OpaqueState,
    /// The request is longer than what the model can read.
    TooLong,
}

/// Parts of words in `code`, `type`, `status` and `reason`, in lower case. As far as they are public: OpenAI's,
/// Anthropic's and Google's, and what relatives use.
const WORDS: [(Trouble, &[&str]); 4] = [
    (
        Trouble::OpaqueState,
        &[
            "invalid_encrypted_content",
            "previous_response_not_found",
            "conversation_not_found",
            "invalid_thought_signature",
        ],
    ),
    (
        Trouble::Billing,
        &[
            "insufficient_quota",
            "insufficient_user_quota",
            "exceeded_current_quota",
            "billing_hard_limit_reached",
            "billing_not_active",
            "billing_error",
            "billing_disabled",
            "spend_limit",
            "spending_limit",
            "insufficient_balance",
            "insufficient_credits",
            "credit_balance_too_low",
            "creditserror",
            "arrearage",
            "accountoverdue",
        ],
    ),
    (
        Trouble::Account,
        &[
            "invalid_api_key",
            "api_key_invalid",
            "api_key_expired",
            "api_key_service_blocked",
            "authentication_error",
            "unauthenticated",
            "consumer_suspended",
            "consumer_invalid",
            "service_disabled",
            "account_deactivated",
            "account_suspended",
            "account_disabled",
            "access_terminated",
            "organization_disabled",
            "organization_restricted",
            "invalid_organization",
            "mismatched_organization",
            "unsupported_country_region_territory",
        ],
    ),
    (Trouble::TooLong, &["context_length_exceeded", "context_window_exceeded", "exceed_context_size"]),
];

/// Parts of messages, in lower case.
const PHRASES: [(Trouble, &[&str]); 4] = [
    (
        Trouble::OpaqueState,
        &[
            "invalid `signature` in `thinking`",
            "invalid signature in thinking",
            "invalid `data` in `redacted_thinking`",
            "blocks in the latest assistant message cannot be modified",
            "encrypted content",
            "encrypted_content",
            "thought_signature",
            "thought signature",
            "thoughtsignature",
            "previous response with id",
            "previous_response_id",
            "items are not persisted when `store`",
        ],
    ),
    (
        Trouble::Billing,
        &[
            "credit balance is too low",
            "usage limits",
            "insufficient balance",
            "balance is insufficient",
            "余额不足",
            "insufficient credits",
            "requires more credits",
            "out of credits",
            "all available credits",
            "credits are depleted",
            "insufficient funds",
            CHECK_BILLING,
            "billing hard limit",
            "billing to be enabled",
            "spend limit",
            "spending limit",
            "account is in good standing",
        ],
    ),
    (
        Trouble::Account,
        &[
            "api key not valid",
            "invalid api key",
            "incorrect api key",
            "invalid x-api-key",
            "api key expired",
            "api key was reported as leaked",
            "location is not supported",
            "region, or territory not supported",
            "organization has been disabled",
            "organization has been restricted",
            "account is not active",
            "account has been deactivated",
            "account has been suspended",
            "account has been disabled",
        ],
    ),
    (
        Trouble::TooLong,
        &[
            "prompt is too long",
            "input is too long",
            "input length and `max_tokens` exceed context limit",
            "input token count",
            "maximum context length",
            "maximum prompt length",
            "exceeds the context window",
            "exceeds the available context size",
            "context window exceeds limit",
            "exceeded model token limit",
            "range of input length should be",
            "reduce the length of the messages",
        ],
    ),
];

/// Google says so of every quota, also of those per minute.
const CHECK_BILLING: &str = "check your plan and billing";

/// Judges an error by its words for programs and its message.
pub(super) fn trouble<'a>(words: impl Iterator<Item = &'a str>, message: &str) -> Option<Trouble> {
    let words: Vec<String> = words.map(str::to_ascii_lowercase).collect();
    let message = message.to_ascii_lowercase();
    let is_google_quota = words.iter().any(|word| word == "resource_exhausted");
    let by_word = WORDS.iter().find(|(_, parts)| parts.iter().any(|part| words.iter().any(|word| word.contains(part))));
    let says = |phrase: &&str| message.contains(phrase) && !(is_google_quota && *phrase == CHECK_BILLING);
    let by_phrase = || {
        PHRASES.iter().find(|(_, phrases)| phrases.iter().any(says)).or_else(|| {
            // `Item 'rs_…' of type 'reasoning' …`, `Item with id 'rs_…' not found.`
            let names_item = message.contains("item with id '") || message.contains("conversation with id '");
            PHRASES.first().filter(|_| names_item && message.contains("not found"))
        })
    };
    by_word.or_else(by_phrase).map(|(trouble, _)| *trouble)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_the_providers_own_words() {
        use Trouble::{Account, Billing, OpaqueState, TooLong};
        for (words, message, expected) in [
            ("invalid_request_error", "Your credit balance is too low to access the Anthropic API.", Some(Billing)),
            ("invalid_request_error", "You have reached your specified API usage limits.", Some(Billing)),
            ("rate_limit_error enforced_spend_limit_reached", "x", Some(Billing)),
            ("unknown_error invalid_request_error", "Insufficient Balance", Some(Billing)),
            ("insufficient_quota", "You exceeded your current quota", Some(Billing)),
            ("billing_not_active", "Your account is not active, please check your billing details", Some(Billing)),
            ("Arrearage", "Access denied", Some(Billing)),
            ("PERMISSION_DENIED", "This API method requires billing to be enabled.", Some(Billing)),
            ("RESOURCE_EXHAUSTED", "quota, please check your plan and billing details.", None),
            ("RESOURCE_EXHAUSTED", "Your prepayment credits are depleted.", Some(Billing)),
            ("INVALID_ARGUMENT API_KEY_INVALID", "API key not valid.", Some(Account)),
            ("FAILED_PRECONDITION", "User location is not supported for the API use.", Some(Account)),
            ("invalid_request_error", "This organization has been disabled.", Some(Account)),
            ("invalid_request_error invalid_api_key", "Incorrect API key provided", Some(Account)),
            ("request_forbidden unsupported_country_region_territory", "Country", Some(Account)),
            ("", "Your account is not active", Some(Account)),
            ("invalid_request_error invalid_encrypted_content", "x", Some(OpaqueState)),
            ("previous_response_not_found", "Previous response with id 'resp_1' not found.", Some(OpaqueState)),
            ("", "messages.1.content.0: Invalid `signature` in `thinking` block", Some(OpaqueState)),
            (
                "",
                "`thinking` or `redacted_thinking` blocks in the latest assistant message cannot be modified.",
                Some(OpaqueState),
            ),
            (
                "INVALID_ARGUMENT",
                "Function call is missing a thought_signature in functionCall parts.",
                Some(OpaqueState),
            ),
            ("INVALID_ARGUMENT", "Corrupted thought signature.", Some(OpaqueState)),
            (
                "",
                "Item with id 'rs_1' not found. Items are not persisted when `store` is set to false.",
                Some(OpaqueState),
            ),
            ("", "File with id 'f' not found.", None),
            ("invalid_request_error context_length_exceeded", "x", Some(TooLong)),
            ("invalid_request_error", "prompt is too long: 208310 tokens > 200000 maximum", Some(TooLong)),
            (
                "invalid_request_error",
                "input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000",
                Some(TooLong),
            ),
            (
                "INVALID_ARGUMENT",
                "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
                Some(TooLong),
            ),
            (
                "BadRequestError",
                "This model's maximum context length is 4096 tokens. However, you requested 5000",
                Some(TooLong),
            ),
            ("exceed_context_size_error", "the request exceeds the available context size", Some(TooLong)),
            ("", "Your request exceeded model token limit: 8192", Some(TooLong)),
            ("request_too_large", "Request exceeds the maximum size", None),
            ("string_above_max_length", "Invalid 'user': string too long.", None),
            ("tokens rate_limit_exceeded", "Request too large on tokens per min (TPM): Limit 30000", None),
            ("invalid_request_error", "max_tokens: Field required", None),
            ("rate_limit_exceeded tokens", "Rate limit reached for gpt-5", None),
        ] {
            assert_eq!(trouble(words.split(' '), message), expected, "{words}: {message}");
        }
    }
}
