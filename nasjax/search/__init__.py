"""Search strategies that ask for scores and never see their source."""
