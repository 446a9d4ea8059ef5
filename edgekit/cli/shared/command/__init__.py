"""Click commands as edgekit has them: loaded when used, completed, and with help in sections."""
