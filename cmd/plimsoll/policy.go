package main

import "github.com/spf13/cobra"

func (p *program) policyCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "policy",
		Short: "Explain policies, and try them before they count",
		Args:  p.subcommandOnly,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(p.policyExplainCommand(), p.policyPreviewCommand(), p.policyReplayCommand(), p.policyPushCommand())
	return c
}
