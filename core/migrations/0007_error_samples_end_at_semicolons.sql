-- A sample of error_matcher ends at its line's end, a semicolon (59) or a wide one (65307). Those that are stored have each a
-- line; what semicolons they hold get a backslash (92), and each backslash in front of one is doubled: a mark (1114111, a
-- character for nobody's texts) begins before the semicolon and moves on before its backslashes. Not compatible: versions
-- that do not know this step look for the backslashes in answers.
UPDATE providers SET error_matcher = (
    WITH RECURSIVE steps (text) AS (
        SELECT replace(replace(providers.error_matcher, char(59), char(1114111, 59)), char(65307), char(1114111, 65307))
        UNION ALL
        SELECT replace(text, char(92, 1114111), char(1114111, 92, 92)) FROM steps WHERE instr(text, char(92, 1114111))
    )
    SELECT replace(text, char(1114111), char(92)) FROM steps WHERE NOT instr(text, char(92, 1114111))
)
WHERE instr(error_matcher, char(59)) OR instr(error_matcher, char(65307));
