"""Which test shows which row of the list of bad input and faults: its number, what is wrong, the tests by name.

A name without a module stands in the section's own file of this folder.
"""

COMMAND_LINE, SPEC, NETWORK, FILES, OUTPUT, SIGNALS = (
    f"bad_input.test_{section}" for section in ("command_line", "spec", "network", "files", "output", "signals")
)

_REFUSED = "test_rows_2_to_22_refused"
_WRONG = "test_rows_26_to_38_wrong"

NO_YAML = {
    27: "broken YAML",
    41: "YAML's no, 012, 1:30 and dates",
    42: "YAML alias bomb",
    43: "YAML recursive alias",
    44: "YAML !!python/object",
}
"""Rows that count only if YAML is ever supported. It is not: a spec is TOML or JSON."""

ROWS: dict[int, tuple[str, str, tuple[str, ...]]] = {
    # A. Command line
    1: (COMMAND_LINE, "no arguments", ("test_row_1_no_arguments",)),
    2: (COMMAND_LINE, "unknown option", (_REFUSED,)),
    3: (COMMAND_LINE, "unknown command", (_REFUSED,)),
    4: (COMMAND_LINE, "--mode foo", (_REFUSED,)),
    5: (COMMAND_LINE, "--mode limited=0", (_REFUSED,)),
    6: (COMMAND_LINE, "--mode limited=abc, -1, 1.5 or nothing", (_REFUSED,)),
    9: (COMMAND_LINE, "the same mode twice", ("test_row_9_the_same_mode_twice",)),
    10: (COMMAND_LINE, "--runs 0", (_REFUSED,)),
    11: (COMMAND_LINE, "a least above the most", (_REFUSED,)),
    12: (COMMAND_LINE, "statistics of one run", ("test_row_12_one_run_has_no_deviation",)),
    13: (COMMAND_LINE, "an option with ESC and OSC", (_REFUSED,)),
    14: (COMMAND_LINE, "a value with [red] or [/tmp]", (_REFUSED,)),
    15: (COMMAND_LINE, "brackets in help texts", ("test_row_15_every_help",)),
    16: (COMMAND_LINE, "commands that are never awaited", ("test_row_16_commands_really_run",)),
    17: (COMMAND_LINE, "a word that is no task", (_REFUSED,)),
    18: (COMMAND_LINE, "300 without a unit", (_REFUSED,)),
    19: (COMMAND_LINE, "a file named like a duration", ("test_row_19_a_file_named_like_a_duration",)),
    20: (COMMAND_LINE, "an empty word", (_REFUSED,)),
    21: (COMMAND_LINE, "a pattern that matches nothing", (_REFUSED,)),
    22: (COMMAND_LINE, "a word that begins with -", (_REFUSED, "test_row_22_a_word_that_begins_with_a_dash")),
    23: (COMMAND_LINE, "--install-completion", ("test_row_23_nothing_is_installed",)),
    # B. Spec
    24: (SPEC, "missing", ("test_row_24_missing",)),
    25: (SPEC, "a directory, no permission", ("test_row_25_directory", "test_row_25_permission")),
    26: (SPEC, "broken TOML", (_WRONG,)),
    29: (SPEC, "not UTF-8", (_WRONG,)),
    30: (SPEC, "a key twice", (_WRONG,)),
    31: (SPEC, "an unknown key", (_WRONG,)),
    32: (SPEC, "a wrong type", (_WRONG,)),
    34: (SPEC, "a name twice", (_WRONG,)),
    35: (SPEC, "needs an unknown name", (_WRONG,)),
    36: (SPEC, "needs itself, or in a circle", (_WRONG, "test_row_36_a_circle")),
    37: (SPEC, "-300ms", (_WRONG,)),
    38: (SPEC, "nan, inf, -0.0, 1e999", (_WRONG,)),
    40: (SPEC, "ten days", ("test_row_40_ten_days",)),
    47: (SPEC, "a terminal as standard input", ("test_row_47_a_terminal",)),
    48: (SPEC, "very many tasks", ("test_row_48_very_many_tasks",)),
    49: (SPEC, "a name with control characters", ("test_rows_49_to_54_names",)),
    50: (SPEC, "a name that looks like markup", ("test_rows_49_to_54_names",)),
    52: (SPEC, "a lone surrogate", ("test_row_52_lone_surrogates", _WRONG)),
    54: (SPEC, "a name of 10 kB", ("test_rows_49_to_54_names",)),
    55: (SPEC, "../../etc/passwd", ("test_row_55_paths_out_of_the_folder",)),
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
    # E. Output and terminal
    95: (OUTPUT, "| head -1", ("test_process.test_closed_pipe_is_silent",)),
    96: (OUTPUT, "standard output closed", ("test_process.test_closed_stdout_is_said_before_running",)),
    97: (OUTPUT, "standard output full", ("test_process.test_full_disk_is_one_line",)),
    98: (OUTPUT, "export to a full device", ("test_process.test_export_to_a_full_device",)),
    99: (OUTPUT, "no directory for the export", ("test_row_99_exports_are_checked_before_the_run",)),
    100: (
        OUTPUT,
        "the export exists",
        ("test_row_100_an_export_that_exists_is_replaced", "test_cli.test_output_files",
         "test_cli.test_output_keeps_links"),
    ),
    102: (OUTPUT, "export onto the spec", ("test_row_102_the_spec_is_never_overwritten",)),
    105: (OUTPUT, "COLUMNS=99999", ("test_row_105_columns",)),
    106: (OUTPUT, "TERM=dumb", ("test_live.test_a_dumb_terminal_gets_plain_text",)),
    107: (
        OUTPUT,
        "NO_COLOR",
        ("test_row_107_no_styles_in_a_pipe", "test_live.test_no_color_keeps_the_animation_plain"),
    ),
    109: (OUTPUT, "FORCE_COLOR=1 in a pipe", ("test_rows_109_and_111_forced_colour_in_a_pipe",)),
    111: (OUTPUT, "the last line in a pipe", ("test_rows_109_and_111_forced_colour_in_a_pipe",)),
    113: (
        OUTPUT,
        "SVG with ESC",
        ("test_export_svg.test_hostile_names_stay_well_formed", "test_export_svg.test_it_is_well_formed_and_standalone",
         "bad_input.test_spec.test_rows_49_to_54_names"),
    ),
    114: (OUTPUT, "HTML export", ("test_row_114_pages_are_plain_text",)),
    115: (OUTPUT, "HOME unset, env -i", ("test_process.test_an_empty_environment_is_enough",)),
    116: (OUTPUT, "nowhere to write", ("test_row_116_nothing_is_written_unless_asked",)),
    # F. Signals
    118: (SIGNALS, "SIGINT while running", ("test_process.test_a_signal_shows_what_had_happened",)),
    119: (
        SIGNALS,
        "a second SIGINT",
        ("test_row_119_and_125_a_second_signal_while_exporting", "test_live.test_a_second_interrupt_ends_at_once"),
    ),
    121: (
        SIGNALS,
        "SIGINT in work that blocks the loop (the README tells what then happens)",
        ("test_source_cpu.test_workers_die_when_the_program_leaves_at_once",
         "test_source_cpu.test_an_interrupted_thread_does_not_keep_the_program"),
    ),
    122: (
        SIGNALS,
        "SIGINT with worker processes",
        ("test_source_cpu.test_workers_die_with_the_program", "test_server.test_an_interrupted_run_ends_its_server"),
    ),
    124: (SIGNALS, "a background job of a shell", ("test_process.test_ignored_sigint_stays_ignored",)),
    125: (
        SIGNALS,
        "SIGINT while exporting",
        ("test_row_125_a_signal_while_exporting", "test_row_119_and_125_a_second_signal_while_exporting"),
    ),
}  # fmt: skip

NUMBERS = {
    "A": (1, 2, 3, 4, 5, 6, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23),
    "B": (24, 25, 26, 27, 29, 30, 31, 32, 34, 35, 36, 37, 38, 40, 41, 42, 43, 44, 47, 48, 49, 50, 52, 54, 55),
    "C": (56, 57, 58, 60, 62, 63, 64, 66, 67, 68, 70, 72, 73, 74, 76, 78, 81, 82, 83, 84),
    "D": (85, 86, 87, 89, 92, 93, 94),
    "E": (95, 96, 97, 98, 99, 100, 102, 105, 106, 107, 109, 111, 113, 114, 115, 116),
    "F": (118, 119, 121, 122, 124, 125),
}
"""The numbers that the list has, by section; those between were merged into others."""

FURTHER: tuple[tuple[str, tuple[str, ...]], ...] = (
    # A and B: what one types, and specs
    ("standard input named twice, or closed", ("test_spec_words.test_standard_input_twice",
                                               "test_spec_words.test_closed_standard_input")),
    ("a pattern whose folders lead in a circle",
     ("test_spec_words.test_a_pattern_of_any_depth_does_not_walk_in_circles",)),
    ("a spec, an answers file or a progress file that is a pipe or has no end", ("test_spec_files.test_pipes",
        "test_spec_files.test_endless_files", "test_learn.test_hostile_files",
        "test_learn.test_a_pipe_for_a_progress_file_is_not_waited_for")),
    ("numbers of 400 digits, or too large for a float, in packs and answers",
     ("test_learn.test_any_tables_are_a_lesson_or_a_usage_error", "test_learn.test_wrong_answers_files")),
    ("raw ESC in the texts of a saved result", ("test_hostile_text.test_whatever_a_command_is_given_is_told_safely",)),
    ("a saved result or HAR with anything changed, or cut off",
     ("test_show.test_a_document_with_anything_changed_is_read_or_refused",
      "test_show.test_a_file_that_is_cut_off_is_refused_with_its_place",
      "test_replay.test_anything_in_an_archive_is_read_or_refused")),
    ("a result to hold against that has no end", ("test_against.test_a_reference_without_end_is_refused",)),
    ("expectations about what is not measured, or does not run",
     ("test_expect.test_what_the_virtual_clock_does_not_measure_is_refused",
      "test_expect.test_a_mode_that_will_not_run_is_refused")),
    ("a partial result as a win", ("test_expect.test_fewer_results_than_the_baseline_is_no_pass",
                                   "test_expect.test_interrupted_runs_are_not_judged")),
    ("uvloop where its timers fire early, or not installed", ("test_uvloop.test_uvloop_is_refused_where_it_would_lie",
                                                              "test_uvloop.test_uvloop_has_to_be_installed")),
    # C and D: servers and files
    ("a connection that goes stale while idle, under a redirect too",
     ("test_source_http.test_a_connection_gone_stale_while_idle_is_no_failure",
      "test_source_http.test_a_connection_gone_stale_under_a_redirect_is_no_failure")),
    ("a request that is repeated behind our back", ("test_source_http.test_nothing_is_sent_twice_behind_our_back",)),
    ("a bad chunk after good ones", ("test_source_http.test_a_bad_chunk_after_good_ones_does_not_hang",)),
    ("the demo server dies, or does not start", ("test_server.test_a_server_that_dies_is_a_failed_request",
                                                 "test_server.test_a_server_that_does_not_start")),
    ("no descriptor left for a name's lookup",
     ("test_source_http.test_a_name_that_is_not_found_for_lack_of_descriptors_says_so",)),
    ("a pipe that takes the place of a file between look and open",
     ("test_source_file.test_a_named_pipe_that_takes_a_file_s_place_does_not_hang",)),
    ("a thread that is stuck in a read",
     ("test_source_file.test_cancelling_does_not_wait_for_a_stuck_thread_and_the_file_is_closed",
      "test_source_file.test_a_timeout_does_not_wait_for_a_stuck_thread_either")),
    # E: outputs
    ("a folder that vanishes during the run",
     ("test_outputs.test_a_folder_that_vanishes_during_the_run_loses_that_file_only",)),
    ("links that lead in a circle", ("test_outputs.test_links_that_lead_in_a_circle_are_refused",)),
    ("a step summary that cannot be written", ("test_ci.test_a_summary_that_cannot_be_written_is_refused",
                                               "test_ci.test_a_summary_that_fails_is_exit_code_4")),
    ("a target that nobody reads", ("test_signals.test_a_target_that_nobody_reads",)),
    # F: signals and processes
    ("a signal while a library is imported", ("test_signals.test_a_signal_while_a_class_is_made",)),
    ("a signal while progress or the result is written", ("test_signals.test_a_signal_while_progress_is_written_waits",
        "test_process.test_a_signal_while_the_result_is_written_loses_nothing")),
    ("Ctrl-C on a loop that is no Python", ("test_uvloop.test_an_interrupt_on_uvloop_still_gives_the_result",)),
    ("a program that is killed: cursor, server, workers",
     ("test_live.test_a_program_that_is_killed_leaves_the_cursor", "test_server.test_a_killed_run_ends_its_server",
      "test_source_cpu.test_workers_die_with_the_program")),
    ("stopped and continued in a lesson", ("test_player.test_stopped_and_continued",)),
)  # fmt: skip
"""What the list lacks, found by generated input and by signals at random moments, with the tests that show it."""
