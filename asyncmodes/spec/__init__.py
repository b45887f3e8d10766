"""From words and spec files to tasks, or to what is wrong with them."""
