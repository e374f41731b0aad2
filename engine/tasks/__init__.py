"""What is learned in each domain: data on the device, the loss, the errors, the best guess."""
