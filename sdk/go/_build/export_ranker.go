// Package export_hinny_plugin_ranker stands between the generated bindings and the SDK.
package export_hinny_plugin_ranker

import (
	"encoding/json"

	hinny "hinny-plugin"

	wit "go.bytecodealliance.org/pkg/wit/types"
	"wit_component/hinny_plugin_ranker"
	"wit_component/hinny_plugin_types"
	author "wit_component/plugin"
)

var plugin hinny.Exported = &author.Plugin

var description hinny.Description

// Configure takes the operator's settings.
func Configure(settings []hinny_plugin_types.Setting) wit.Result[wit.Unit, string] {
	values := hinny.Settings{}
	for _, setting := range settings {
		values[setting.Key] = plain(setting.Value)
	}
	said, err := plugin.ConfigureWith(values)
	if err != nil {
		return wit.Err[wit.Unit](err.Error())
	}
	description = said
	return wit.Ok[wit.Unit, string](wit.Unit{})
}

func plain(value hinny_plugin_types.SettingValue) any {
	switch value.Tag() {
	case hinny_plugin_types.SettingValueInteger:
		return value.Integer()
	case hinny_plugin_types.SettingValueFloat:
		return value.Float()
	case hinny_plugin_types.SettingValueText:
		return value.Text()
	case hinny_plugin_types.SettingValueFlag:
		return value.Flag()
	default:
		return json.RawMessage(value.Other())
	}
}

// Describe says what the ranker is and reads.
func Describe() hinny_plugin_ranker.Descriptor {
	inputs := make([]hinny_plugin_ranker.Input, 0, len(description.Inputs))
	for _, input := range description.Inputs {
		// Types are numbered as in the contract.
		told := hinny_plugin_ranker.Input{Name: input.Name, Source: source(input.Source), Kind: uint8(input.Kind)}
		inputs = append(inputs, told)
	}
	refresh := hinny_plugin_ranker.MakeRefreshNever()
	if description.RefreshMs > 0 {
		refresh = hinny_plugin_ranker.MakeRefreshEveryMs(description.RefreshMs)
	}
	return hinny_plugin_ranker.Descriptor{Name: name, Version: version, Inputs: inputs, Refresh: refresh}
}

func source(of string) hinny_plugin_ranker.InputSource {
	switch of {
	case "created-at":
		return hinny_plugin_ranker.MakeInputSourceCreatedAt()
	case "wait":
		return hinny_plugin_ranker.MakeInputSourceWait()
	case "base-priority":
		return hinny_plugin_ranker.MakeInputSourceBasePriority()
	case "attempts":
		return hinny_plugin_ranker.MakeInputSourceAttempts()
	case "organisation":
		return hinny_plugin_ranker.MakeInputSourceOrganisation()
	case "task-type":
		return hinny_plugin_ranker.MakeInputSourceTaskType()
	case "last-run-at":
		return hinny_plugin_ranker.MakeInputSourceLastRunAt()
	case "last-run-status":
		return hinny_plugin_ranker.MakeInputSourceLastRunStatus()
	case "last-run-duration":
		return hinny_plugin_ranker.MakeInputSourceLastRunDuration()
	default:
		return hinny_plugin_ranker.MakeInputSourcePointer(of)
	}
}

// Rank gives one priority per task.
func Rank(
	context hinny_plugin_ranker.Context, batch hinny_plugin_ranker.Batch,
) wit.Result[[]int64, hinny_plugin_ranker.RankError] {
	told := contextOf(context)
	priorities, err := plugin.RankBatch(&told, batchOf(batch))
	if err != nil {
		return wit.Err[[]int64](hinny_plugin_ranker.MakeRankErrorOther(err.Error()))
	}
	return wit.Ok[[]int64, hinny_plugin_ranker.RankError](priorities)
}

// Explain gives one explanation per task.
func Explain(
	context hinny_plugin_ranker.Context, batch hinny_plugin_ranker.Batch,
) wit.Result[[]hinny_plugin_ranker.Explanation, hinny_plugin_ranker.RankError] {
	told := contextOf(context)
	said, err := plugin.ExplainBatch(&told, batchOf(batch))
	if err != nil {
		return wit.Err[[]hinny_plugin_ranker.Explanation](hinny_plugin_ranker.MakeRankErrorOther(err.Error()))
	}
	explanations := make([]hinny_plugin_ranker.Explanation, 0, len(said))
	for _, one := range said {
		explanation := hinny_plugin_ranker.Explanation{Priority: one.Priority, Note: maybe(one.Note)}
		for _, term := range one.Terms {
			told := hinny_plugin_ranker.Term{Label: term.Label, Contribution: term.Contribution, Input: maybe(term.Input)}
			explanation.Terms = append(explanation.Terms, told)
		}
		explanations = append(explanations, explanation)
	}
	return wit.Ok[[]hinny_plugin_ranker.Explanation, hinny_plugin_ranker.RankError](explanations)
}

func maybe(text string) wit.Option[string] {
	if text == "" {
		return wit.None[string]()
	}
	return wit.Some(text)
}

func contextOf(context hinny_plugin_ranker.Context) hinny.Context {
	return hinny.Context{Now: context.Now, Scheduler: context.Scheduler, Seed: context.Seed}
}

func batchOf(batch hinny_plugin_ranker.Batch) *hinny.Batch {
	columns := make([]hinny.Column, 0, len(batch.Columns))
	for _, column := range batch.Columns {
		told := hinny.Column{Absent: column.Absent}
		switch values := column.Values; values.Tag() {
		case hinny_plugin_ranker.ColumnValuesIntegers:
			told.Kind, told.Integers = hinny.Integer, values.Integers()
		case hinny_plugin_ranker.ColumnValuesFloats:
			told.Kind, told.Floats = hinny.Float, values.Floats()
		case hinny_plugin_ranker.ColumnValuesTexts:
			texts := values.Texts()
			told.Kind, told.Dictionary, told.Codes = hinny.Text, texts.Dictionary, texts.Codes
		case hinny_plugin_ranker.ColumnValuesFlags:
			told.Kind, told.Flags = hinny.Flag, values.Flags()
		default:
			told.Kind = 255
		}
		columns = append(columns, told)
	}
	return &hinny.Batch{Len: int(batch.Len), Columns: columns}
}
