"""Which test shows which row of the list of bad input and faults: its number, what is wrong, the tests by name.

A name without a module stands in the section's own file of this folder.
"""

COMMAND_LINE, SPEC, NETWORK, FILES, OUTPUT, SIGNALS = (
    f"bad_input.test_{section}" for section in ("command_line", "spec", "network", "files", "output", "signals")
)

NO_YAML = {
    27: "broken YAML",
    41: "YAML's no, 012, 1:30 and dates",
    42: "YAML alias bomb",
    43: "YAML recursive alias",
    44: "YAML !!python/object",
}
"""Rows that count only if YAML is ever supported. It is not: a spec is TOML or JSON."""

ROWS: dict[int, tuple[str, str, tuple[str, ...]]] = {
    # C. Network
    56: (NETWORK, "refused", ("test_row_56_refused",)),
    57: (NETWORK, "no such host", ("test_row_57_no_such_host",)),
    58: (NETWORK, "404 and 500", ("test_row_58_status", "test_row_58_an_expected_status")),
    60: (NETWORK, "redirect to file://", ("test_row_60_redirect_to_a_file",)),
    62: (NETWORK, "untrusted authority", ("test_row_62_untrusted_authority",)),
    63: (NETWORK, "wrong host name in the certificate", ("test_row_63_wrong_host_name",)),
    64: (NETWORK, "https to a plain port", ("test_row_64_https_to_a_plain_port",)),
    66: (NETWORK, "reset in the middle of the body", ("test_rows_66_to_68_cut_off",)),
    67: (NETWORK, "body too short", ("test_rows_66_to_68_cut_off",)),
    68: (NETWORK, "empty reply", ("test_rows_66_to_68_cut_off",)),
    70: (NETWORK, "silent server", ("test_row_70_silent_server",)),
    72: (NETWORK, "gzip bomb", ("test_rows_72_and_73_too_large",)),
    73: (NETWORK, "endless body", ("test_rows_72_and_73_too_large",)),
    74: (NETWORK, "broken gzip", ("test_row_74_broken_gzip",)),
    76: (NETWORK, "bad chunk, negative length, both lengths", ("test_row_76_malformed",)),
    78: (NETWORK, "bad URLs", ("test_rows_78_and_81_no_url",)),
    81: (NETWORK, "other schemes", ("test_rows_78_and_81_no_url",)),
    82: (NETWORK, "password in a URL", ("test_row_82_password", "test_row_82_password_in_a_mistake")),
    83: (NETWORK, "HTTP_PROXY", ("test_row_83_proxy", "test_row_83_a_server_of_our_own_needs_no_proxy")),
    84: (
        NETWORK,
        "cancel while reading",
        (
            "test_row_84_the_library_is_new_enough",
            "test_source_http.test_cancelling_the_run_closes_its_sockets",
            "test_source_http.test_connections_are_kept_within_a_run_and_fresh_in_the_next",
        ),
    ),
    # D. Files
    85: (FILES, "missing", ("test_row_85_missing",)),
    86: (FILES, "directory", ("test_row_86_directory",)),
    87: (FILES, "permission denied", ("test_row_87_permission",)),
    89: (FILES, "/dev/zero", ("test_row_89_devices_and_pipes",)),
    92: (FILES, "shrinks or grows while it is read", ("test_row_92_shrinks_or_grows",)),
    93: (FILES, "many reads at once", ("test_source_file.test_sixty_files_are_read_at_once",)),
    94: (
        FILES,
        "ulimit -n 64, 150 tasks",
        ("test_limits.test_what_does_not_fit_is_said_before_and_the_error_says_what_to_do",
         "test_limits.test_the_limit_that_is_named_fits"),
    ),
}  # fmt: skip

NUMBERS = {
    "B": (27, 41, 42, 43, 44),
    "C": (56, 57, 58, 60, 62, 63, 64, 66, 67, 68, 70, 72, 73, 74, 76, 78, 81, 82, 83, 84),
    "D": (85, 86, 87, 89, 92, 93, 94),
}
"""The numbers that the list has, by section; those between were merged into others."""
