"""What a claim may say of two activations."""

ACCURACIES = (">", "<", "=")  # of test accuracies
TRAINS = "trains more often than"
